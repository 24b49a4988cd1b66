// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what thread_pool.hpp declares.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "brindle/core/atomic_wait.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/flush_denormals.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/spin.hpp"
#include "brindle/core/thread_pool.hpp"

namespace brindle::detail {

BRINDLE_INLINE ThreadPool::ThreadPool(int threads) : threads_(threads) {
  if (threads < 1 || threads > 1024)
    raise<ValueError>("thread pool: expected 1 to 1024 threads, got " + std::to_string(threads));
  ranges_ = std::make_unique<Range[]>(static_cast<std::size_t>(threads));
  // Unless they would take the core of one that works. To wake a thread takes tens of microseconds, as long as what
  // lies between two layers of one photo.
  if (threads <= static_cast<int>(std::thread::hardware_concurrency())) spin_ = std::chrono::microseconds(50);
}

BRINDLE_INLINE ThreadPool::~ThreadPool() {
  stopping_.store(true);
  epoch_.fetch_add(1);
  wake_all(epoch_);
  for (std::thread& w : workers_) w.join();
}

BRINDLE_INLINE void ThreadPool::run(std::int64_t tasks, FunctionRef<void(std::int64_t task, int worker)> task) {
  if (tasks <= 0) return;
  const FlushDenormals flush;
  std::unique_lock<std::mutex> region(region_, std::defer_lock);
  if (tasks == 1 || threads_ == 1 || inside_a_task() || !region.try_lock()) {
    for (std::int64_t i = 0; i < tasks; ++i) task(i, 0);
    return;
  }
  if (workers_.empty()) start();
  task_ = &task;
  for (int i = 0; i < threads_; ++i) {
    range(i).next.store(i * tasks / threads_, std::memory_order_relaxed);
    range(i).end = (i + 1) * tasks / threads_;
  }
  error_ = nullptr;
  const int now = epoch_.load(std::memory_order_relaxed) + 1;
  open_.store(now);
  epoch_.store(now);
  wake_all(epoch_);
  work(0);
  open_.store(0);  // from here on no worker enters; wait for those that did
  while (!spin_until(spin_, [&] { return inside_.load() == 0; }))
    if (const int inside = inside_.load(); inside != 0) wait_while(inside_, inside);
  if (error_) std::rethrow_exception(error_);
}

BRINDLE_INLINE bool& ThreadPool::inside_a_task() {
  thread_local bool inside = false;
  return inside;
}

BRINDLE_INLINE void ThreadPool::start() {
  workers_.reserve(static_cast<std::size_t>(threads_ - 1));
  const int seen = epoch_.load();
  for (int worker = 1; worker < threads_; ++worker)
    workers_.emplace_back([this, worker, seen] { serve(worker, seen); });
}

BRINDLE_INLINE void ThreadPool::serve(int worker, int seen) {
  const FlushDenormals flush;
  for (;;) {
    while (!spin_until(spin_, [&] { return epoch_.load() != seen; })) wait_while(epoch_, seen);
    const int now = epoch_.load();
    if (stopping_.load()) return;
    seen = now;
    inside_.fetch_add(1);
    if (open_.load() != 0) work(worker);
    if (inside_.fetch_sub(1) == 1) wake_all(inside_);
  }
}

BRINDLE_INLINE void ThreadPool::work(int worker) {
  inside_a_task() = true;
  for (int k = 0; k < threads_; ++k) {
    Range& r = range((worker + k) % threads_);
    for (std::int64_t i; (i = r.next.fetch_add(1, std::memory_order_relaxed)) < r.end;) {
      try {
        (*task_)(i, worker);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(error_mutex_);
        if (!error_) error_ = std::current_exception();
        for (int other = 0; other < threads_; ++other)
          range(other).next.store(range(other).end, std::memory_order_relaxed);
      }
    }
  }
  inside_a_task() = false;
}

}  // namespace brindle::detail
