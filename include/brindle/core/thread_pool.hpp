#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/flush_denormals.hpp"
#include "brindle/core/function_ref.hpp"

namespace brindle::detail {

/// Threads that share numbered tasks. Each thread begins with a range of neighbours of its own and then helps the
/// others, so that the same part of the data meets the same core from one run() to the next: caches of cores that are
/// far apart share slowly. Who takes a task is left to chance in the end, so its result must not depend on it: work is
/// cut by the size of the problem, never by the number of threads.
class ThreadPool {
 public:
  /// threads: how many work at a task list, the calling one included; at least 1. The others start at the first run().
  explicit ThreadPool(int threads) : threads_(threads) {
    if (threads < 1 || threads > 1024)
      raise<ValueError>("thread pool: expected 1 to 1024 threads, got " + std::to_string(threads));
    ranges_ = std::make_unique<Range[]>(static_cast<std::size_t>(threads));
    // Waiting threads spin for a moment before they sleep, unless they would take the core of one that works.
    spins_ = threads <= static_cast<int>(std::thread::hardware_concurrency()) ? 4000 : 0;
  }

  ~ThreadPool() {
    stopping_.store(true);
    epoch_.fetch_add(1);
    epoch_.notify_all();
    for (std::thread& w : workers_) w.join();
  }

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }  ///< with the calling one

  /// Calls task(i, worker) for each i in [0, tasks) and returns when all are done; worker is in [0, threads()), and two
  /// calls with the same worker never overlap. The first exception of a task is thrown here, after the others ended.
  /// While another run() is under way (from another thread, or around this one) the tasks run on the calling thread.
  /// Inside tasks denormal numbers are zero, on whatever thread.
  void run(std::int64_t tasks, FunctionRef<void(std::int64_t task, int worker)> task) {
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
    epoch_.notify_all();
    work(0);
    open_.store(0);  // from here on no worker enters; wait for those that did
    for (int spin = 0;; ++spin) {
      const int inside = inside_.load();
      if (inside == 0) break;
      if (spin >= spins_) inside_.wait(inside);
    }
    if (error_) std::rethrow_exception(error_);
  }

 private:
  static bool& inside_a_task() {
    thread_local bool inside = false;
    return inside;
  }

  void start() {
    workers_.reserve(static_cast<std::size_t>(threads_ - 1));
    const int seen = epoch_.load();
    for (int worker = 1; worker < threads_; ++worker)
      workers_.emplace_back([this, worker, seen] { serve(worker, seen); });
  }

  void serve(int worker, int seen) {
    const FlushDenormals flush;
    for (;;) {
      int spin = 0;
      int now = epoch_.load();
      while (now == seen) {
        if (++spin > spins_) epoch_.wait(seen);
        now = epoch_.load();
      }
      if (stopping_.load()) return;
      seen = now;
      inside_.fetch_add(1);
      if (open_.load() != 0) work(worker);
      if (inside_.fetch_sub(1) == 1) inside_.notify_all();
    }
  }

  void work(int worker) {
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

  int threads_;
  int spins_ = 0;
  std::vector<std::thread> workers_;
  std::mutex region_;

  const FunctionRef<void(std::int64_t, int)>* task_ = nullptr;
  std::exception_ptr error_;
  std::mutex error_mutex_;

  struct alignas(64) Range {
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };
  Range& range(int thread) { return ranges_[static_cast<std::size_t>(thread)]; }
  std::unique_ptr<Range[]> ranges_;  // of tasks, one a thread

  alignas(64) std::atomic<int> epoch_{0};   // grows with each run: what workers wait for
  alignas(64) std::atomic<int> open_{0};    // the run that workers may enter, 0: none
  alignas(64) std::atomic<int> inside_{0};  // workers in a run
  std::atomic<bool> stopping_{false};
};

}  // namespace brindle::detail
