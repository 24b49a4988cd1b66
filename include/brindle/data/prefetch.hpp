#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
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
  Prefetch(const Source& source, const Cpu& on, std::int64_t most, const PrefetchOptions& options = {})
      : source_(&source), on_(on), alone_(Cpu::Options{.threads = 1, .precise = on.precise()}) {
    if (most < 1) detail::raise<ValueError>("Prefetch: expected batches of at least 1, got " + std::to_string(most));
    if (options.ahead < 0 || options.ahead > 1024)
      detail::raise<ValueError>("Prefetch: expected 0 to 1024 batches ahead, got " + std::to_string(options.ahead));
    if (options.workers < 1 || options.workers > 1024)
      detail::raise<ValueError>("Prefetch: expected 1 to 1024 workers, got " + std::to_string(options.workers));
    slots_.resize(static_cast<std::size_t>(options.ahead) + 1);
    for (Slot& slot : slots_) {
      slot.x = Tensor<T>::uninitialized(source.sample_shape().batch(most));
      slot.draws.reserve(static_cast<std::size_t>(most));
    }
    if (options.ahead == 0) return;
    try {
      for (int i = 0; i < options.workers; ++i) workers_.emplace_back([this] { serve(); });
    } catch (...) {
      stop();
      throw;
    }
  }

  ~Prefetch() { stop(); }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// Batches that may be ordered now: ahead + 1 less those ordered and not yet taken.
  std::int64_t room() const { return static_cast<std::int64_t>(slots_.size()) - (ordered_ - taken_); }

  /// Orders a batch. Throws ValueError without room, or for more samples than `most`.
  void order(std::span<const Draw> draws) {
    if (room() < 1) detail::raise<ValueError>("Prefetch: all batches are ordered; call next() first");
    Slot& to = slot(ordered_);
    if (static_cast<std::int64_t>(draws.size()) > to.x.shape()[0] || draws.empty())
      detail::raise<ValueError>("Prefetch: expected a batch of 1 to " + std::to_string(to.x.shape()[0]) + ", got " +
                                std::to_string(draws.size()));
    to.draws.assign(draws.begin(), draws.end());
    to.ready = false;
    to.error = nullptr;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++ordered_;
    }
    ordered_one_.notify_one();
  }

  /// The oldest batch that was ordered and not yet taken. Throws ValueError if there is none, and what the source
  /// threw.
  Batch next() {
    if (taken_ == ordered_) detail::raise<ValueError>("Prefetch: no batch is ordered; call order() first");
    const auto start = std::chrono::steady_clock::now();
    Slot& from = slot(taken_);
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (claimed_ == taken_) {
        ++claimed_;
        lock.unlock();
        read(on_, from);
      } else {
        read_one_.wait(lock, [&] { return from.ready; });
      }
    }
    ++taken_;
    waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (from.error) std::rethrow_exception(std::exchange(from.error, nullptr));
    return {from.x.view().slice(0, static_cast<std::int64_t>(from.draws.size())), from.draws};
  }

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

  void read(const Cpu& on, Slot& to) {
    try {
      source_->read(on, to.draws, to.x.view().slice(0, static_cast<std::int64_t>(to.draws.size())));
    } catch (...) {
      to.error = std::current_exception();
    }
  }

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      ordered_one_.wait(lock, [&] { return stopping_ || claimed_ < ordered_; });
      if (stopping_) return;
      Slot& to = slot(claimed_++);
      lock.unlock();
      read(alone_, to);
      lock.lock();
      to.ready = true;
      read_one_.notify_one();
    }
  }

  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    ordered_one_.notify_all();
    for (std::thread& w : workers_) w.join();
  }

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
