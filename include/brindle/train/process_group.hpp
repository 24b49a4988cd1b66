// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace brindle {

namespace detail {
class Team;
}  // namespace detail

/// Memory of a process that the others on its machine read, and write, without its help: see ProcessGroup::share().
struct SharedMemory {
  std::span<std::byte> own;        ///< of this process, at a multiple of 64 bytes
  std::vector<std::byte*> of_all;  ///< where that of each process begins, by rank; null: on another machine
};

/// Processes that train one model together, on one machine or on several: what the trainer asks of them. MpiGroup of
/// brindle/distributed.hpp is the usual one; another transport needs rank(), size() and exchange().
///
/// All processes make the same calls of fit(), evaluate() and predict(), on the same model, data and options.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;

  /// This process, 0 to size() - 1. Number 0 writes files and reports.
  virtual int rank() const = 0;
  /// How many there are: a power of two.
  virtual int size() const = 0;
  /// The number of this process among those of its machine, from 0, by which it takes one of the machine's GPUs; here
  /// all are on one machine.
  virtual int local_rank() const { return rank(); }
  /// How many of them this process's machine has; here all are on one.
  virtual int local_size() const { return size(); }

  /// Sends bytes to another process and receives others from it, both at the same time; either may be none. The partner
  /// makes the same call with the sizes exchanged. Returns when both are done. send and receive do not overlap.
  ///
  /// Calls come from one thread at a time. Throws Error if the partner cannot be reached (any more), and if it sends
  /// another number of bytes: it is in another call then, and nobody should wait for ever.
  virtual void exchange(int partner, std::span<const std::byte> send, std::span<std::byte> receive) = 0;

  /// Begins an exchange, and returns before it is done where the transport can go on by itself; here it does not. Until
  /// ended() is true nothing else is exchanged, and the bytes stay.
  virtual void start(int partner, std::span<const std::byte> send, std::span<std::byte> receive) {
    exchange(partner, send, receive);
  }
  /// Whether the exchange that start() began is done; if it waits, when it is done.
  virtual bool ended([[maybe_unused]] bool waits) { return true; }

  /// Memory of so many bytes, zeros, in each process of a machine; null where there is none to be had, in all
  /// processes of the machine then. All call it at the same time, each with its own number. It is one block, and null
  /// while somebody has it; it must not outlive the group. Where one has given it back it stays for those that still
  /// have it, that of all. What has been written before an exchange can be read behind it.
  virtual std::shared_ptr<const SharedMemory> share([[maybe_unused]] std::size_t bytes) { return nullptr; }

  /// The trainer is about to throw the same exception in all processes, so that one of them is enough to tell the user.
  virtual void fails_together() {}

 private:
  // Of all trainers of the group: what they exchanged from then on would be taken for something else.
  friend class detail::Team;
  std::string parted_;  // who was in which call, once these were not the same
};

}  // namespace brindle
