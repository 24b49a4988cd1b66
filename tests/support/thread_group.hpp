// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/train/process_group.hpp"

namespace brindle::test {

/// Threads of one program in place of processes: what they exchange is copied from one to the other.
class ThreadGroup final : public ProcessGroup {
 public:
  /// What the members have in common.
  struct Room {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::pair<int, int>, std::span<const std::byte>> sent;  // from, to
    int machine = 0;                                                 // members that read each other's memory
    bool broken = false;                                             // a member is gone
    std::size_t bytes = 0;                                           // that were exchanged
    std::map<int, std::shared_ptr<std::vector<std::byte>>> shared;   // memory that each has given, by rank
  };

  ThreadGroup(std::shared_ptr<Room> room, int rank, int size) : room_(std::move(room)), rank_(rank), size_(size) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int local_size() const override { return std::max(room_->machine, 1); }

  void exchange(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    start(partner, send, receive);
    ended(true);
  }

  void start(int partner, std::span<const std::byte> send, std::span<std::byte> receive) override {
    const std::lock_guard<std::mutex> lock(room_->mutex);
    if (under_way_) detail::raise<Error>("rank " + std::to_string(rank_) + ": an exchange is under way");
    partner_ = partner;
    receive_ = receive;
    under_way_ = true;
    received_ = false;
    room_->sent[{rank_, partner}] = send;
    room_->bytes += send.size();
    room_->changed.notify_all();
  }

  bool ended(bool waits) override {
    std::unique_lock<std::mutex> lock(room_->mutex);
    const std::pair<int, int> here{rank_, partner_}, there{partner_, rank_};
    if (!received_) {
      if (waits) wait(lock, [&] { return room_->sent.count(there) == 1; });
      if (room_->sent.count(there) == 0) return false;
      const std::span<const std::byte> from = room_->sent[there];
      if (from.size() != receive_.size())
        detail::raise<Error>("rank " + std::to_string(rank_) + " expected " + std::to_string(receive_.size()) +
                             " bytes, rank " + std::to_string(partner_) + " sent " + std::to_string(from.size()));
      std::copy(from.begin(), from.end(), receive_.begin());
      room_->sent.erase(there);
      room_->changed.notify_all();
      received_ = true;
    }
    if (waits) wait(lock, [&] { return room_->sent.count(here) == 0; });
    under_way_ = room_->sent.count(here) != 0;
    return !under_way_;
  }

  std::shared_ptr<const SharedMemory> share(std::size_t bytes) override {
    if (room_->machine <= 1) return nullptr;
    const auto with_each = [&](const auto& own, const auto& others) {
      for (int away = 1; away < room_->machine; ++away)
        exchange(rank_ ^ away, std::as_bytes(own), std::as_writable_bytes(others(rank_ ^ away)));
    };
    std::vector<unsigned char> fits(static_cast<std::size_t>(size_), 1);
    const auto fit_of = [&](int rank) { return std::span(&fits[static_cast<std::size_t>(rank)], 1); };
    fit_of(rank_)[0] = bytes <= most_;
    with_each(fit_of(rank_), fit_of);
    if (std::count(fits.begin(), fits.end(), 0) > 0) return nullptr;
    struct Owning : SharedMemory {
      std::vector<std::shared_ptr<std::vector<std::byte>>> memory;  // of all, while one of them has it
    };
    auto block = std::make_shared<Owning>();
    auto memory = std::make_shared<std::vector<std::byte>>(bytes + 64);
    const auto address = reinterpret_cast<std::uintptr_t>(memory->data());
    block->own = std::span(*memory).subspan((64 - address % 64) % 64, bytes);
    block->of_all.assign(static_cast<std::size_t>(size_), nullptr);
    const auto of = [&](int rank) { return std::span(&block->of_all[static_cast<std::size_t>(rank)], 1); };
    of(rank_)[0] = block->own.data();
    const auto each_shared = [&](const auto& work) {
      const std::lock_guard<std::mutex> lock(room_->mutex);
      work(room_->shared);
    };
    each_shared([&](auto& shared) { shared[rank_] = memory; });
    with_each(of(rank_), of);
    each_shared([&](auto& shared) {
      for (int away = 0; away < room_->machine; ++away) block->memory.push_back(shared.at(rank_ ^ away));
    });
    return block;
  }

  /// There is no memory to share of more bytes.
  void set_room(std::size_t most) { most_ = most; }

  void fails_together() override { together_ = true; }
  bool failed_together() const { return together_; }

 private:
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, const Condition& condition) {
    const bool done =
        room_->changed.wait_for(lock, std::chrono::seconds(60), [&] { return room_->broken || condition(); });
    if (!done || !condition()) detail::raise<Error>("rank " + std::to_string(rank_) + ": another one is gone");
  }

  std::shared_ptr<Room> room_;
  int rank_, size_, partner_ = 0;
  std::span<std::byte> receive_;
  bool under_way_ = false, received_ = false;
  bool together_ = false;
  std::size_t most_ = ~std::size_t{0};
};

using Group = std::shared_ptr<ThreadGroup>;

/// work(group) in so many threads, each with its group; the exceptions that left, by rank, null where none did. bytes:
/// gets how many were exchanged. machine: so many, a power of two, read each other's memory.
template <class Work>
std::vector<std::exception_ptr> run_group(int size, const Work& work, std::size_t* bytes = nullptr, int machine = 0) {
  const auto room = std::make_shared<ThreadGroup::Room>();
  room->machine = machine;
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      const auto group = std::make_shared<ThreadGroup>(room, rank, size);
      try {
        work(group);
      } catch (...) {
        errors[static_cast<std::size_t>(rank)] = std::current_exception();
        if (group->failed_together()) return;
        const std::lock_guard<std::mutex> lock(room->mutex);
        room->broken = true;
        room->changed.notify_all();
      }
    });
  for (std::thread& t : threads) t.join();
  if (bytes) *bytes = room->bytes;
  return errors;
}

}  // namespace brindle::test
