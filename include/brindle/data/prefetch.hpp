// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"

namespace brindle::data {

struct PrefetchOptions {
  std::int64_t ahead = 2;  ///< batches that are read before they are needed; 0: none, reading waits for next()
  int workers = 1;         ///< threads that read, a batch each
};

/// Reads batches in the background, in the order in which they were ordered.
///
///     Prefetch<float> batches(source, on, 30);
///     for (;;) {
///       while (batches.room() > 0) batches.order(draws of the next batch);
///       const auto batch = batches.next();     // the oldest; valid until the next order() or next()
///     }
///
/// Samples do not depend on workers or ahead. What the source throws for a batch, next() throws when that batch's turn
/// comes. Workers do not use the threads of `on`, which compute meanwhile; a batch that no worker has begun is read by
/// next() itself, with them. All memory is taken at first. One thread calls the members; the source must outlive this.
/// The destructor waits for reads that have begun, and forgets the rest.
template <class T>
class Prefetch {
 public:
  struct Batch {
    TensorView<const T> x;        ///< (n, sample shape)
    std::span<const Draw> draws;  ///< (n)
  };

  /// most: samples of the largest batch. Throws ValueError for options out of range.
  Prefetch(const Source& source, const Cpu& on, std::int64_t most, const PrefetchOptions& options = {});

  ~Prefetch() { stop(); }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// Batches that may be ordered now: ahead + 1 less those ordered and not yet taken.
  std::int64_t room() const { return static_cast<std::int64_t>(slots_.size()) - (ordered_ - taken_); }

  /// Orders a batch. Throws ValueError without room, or for more samples than `most`.
  void order(std::span<const Draw> draws);

  /// The oldest batch that was ordered and not yet taken. Throws ValueError if there is none, and what the source
  /// threw.
  Batch next();

  /// Seconds that next() has taken so far: for them whoever needed the batches had to wait.
  double waited() const { return waited_; }

 private:
  struct Slot {
    Tensor<T> x;
    std::vector<Draw> draws;
    std::exception_ptr error;
    bool ready = false;
  };

  Slot& slot(std::int64_t number) { return slots_[static_cast<std::size_t>(number) % slots_.size()]; }

  void read(const Cpu& on, Slot& to);

  void serve();

  void stop();

  const Source* source_;
  Cpu on_;
  Cpu alone_;                // of workers: each reads on its own thread
  std::vector<Slot> slots_;  // batch number n is in slot n modulo their number
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable ordered_one_, read_one_;
  // Numbers of batches: taken <= claimed <= ordered.
  std::int64_t ordered_ = 0;  // written by the caller under the mutex
  std::int64_t claimed_ = 0;  // under the mutex
  std::int64_t taken_ = 0;    // the caller's
  bool stopping_ = false;
  double waited_ = 0;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/prefetch_inl.hpp"
#endif
