// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "brindle/core/function_ref.hpp"

namespace brindle::detail {

/// Threads that share numbered tasks. Each thread begins with a range of neighbours of its own and then helps the
/// others, so that the same part of the data meets the same core from one run() to the next: caches of cores that are
/// far apart share slowly. Who takes a task is left to chance in the end, so its result must not depend on it: work is
/// cut by the size of the problem, never by the number of threads.
class ThreadPool {
 public:
  /// threads: how many work at a task list, the calling one included; at least 1. The others start at the first run().
  explicit ThreadPool(int threads);

  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }  ///< with the calling one

  /// Calls task(i, worker) for each i in [0, tasks) and returns when all are done; worker is in [0, threads()), and two
  /// calls with the same worker never overlap. The first exception of a task is thrown here, after the others ended.
  /// While another run() is under way (from another thread, or around this one) the tasks run on the calling thread.
  /// Inside tasks denormal numbers are zero, on whatever thread.
  void run(std::int64_t tasks, FunctionRef<void(std::int64_t task, int worker)> task);

 private:
  static bool& inside_a_task();

  void start();

  void serve(int worker, int seen);

  void work(int worker);

  int threads_;
  std::chrono::microseconds spin_{0};  // for so long waiting threads do not sleep
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

#ifndef BRINDLE_COMPILED
#include "brindle/core/thread_pool_inl.hpp"
#endif
