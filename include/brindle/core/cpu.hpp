// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "brindle/core/amx.hpp"
#include "brindle/core/thread_pool.hpp"

namespace brindle {

/// The processor as a device: a context with threads of its own, handed to every op. Copies share the threads; they
/// start when they are first needed and end with the last copy. Results have the same bits for any number of threads.
class Cpu {
 public:
  struct Options {
    int threads = 0;       ///< 0: as many as the program may use
    bool precise = false;  ///< true: only kernels whose rounding error is that of a plain sum
    bool amx = true;       ///< false: without the matrix unit of processors that have Intel's AMX
  };

  Cpu() : Cpu(Options{}) {}
  explicit Cpu(int threads) : Cpu(Options{.threads = threads}) {}  ///< as Options::threads

  /// Throws ValueError for a negative number of threads or more than 1024.
  explicit Cpu(const Options& options)
      : precise_(options.precise),
        amx_(options.amx && detail::has_amx()),
        pool_(std::make_shared<detail::ThreadPool>(options.threads == 0 ? available() : options.threads)) {}

  static constexpr const char* name = "cpu";  ///< in messages and tables

  /// Bytes of a layer's input and output that should be worked on at a time: the next layer then finds its input in the
  /// cache. Of 8 to 24 MB the fastest for VGG16 at 150x150, where two cores share 32 MB.
  static constexpr std::int64_t slice_bytes = 16 << 20;

  /// Bytes that kernels make for a call of each byte of the filters. On the matrix unit those of Winograd are four
  /// times as many numbers, of six bytes each.
  int made_of_filters() const { return amx() ? 6 : 1; }

  int threads() const { return pool_->threads(); }  ///< with the calling one
  bool precise() const { return precise_; }         ///< as Options::precise
  bool amx() const { return amx_; }                 ///< whether there is AMX and it may be used

  /// One thread that takes the same kernels.
  Cpu alone() const { return Cpu(Options{.threads = 1, .precise = precise_, .amx = amx_}); }

  /// task(i, worker) for each i in [0, tasks), shared by the threads; see ThreadPool::run.
  template <class F>
  void parallel(std::int64_t tasks, F&& task) const {
    pool_->run(tasks, task);
  }

  /// range(begin, end) over [0, count) in pieces of `piece` (the last one may be smaller), shared by the threads.
  template <class F>
  void parallel_ranges(std::int64_t count, std::int64_t piece, F&& range) const {
    const std::int64_t tasks = (count + piece - 1) / piece;
    pool_->run(tasks, [&](std::int64_t i, int) {
      const std::int64_t begin = i * piece;
      range(begin, begin + piece < count ? begin + piece : count);
    });
  }

 private:
  static int available() {
    const unsigned n = std::thread::hardware_concurrency();
    return n == 0 ? 1 : n > 1024 ? 1024 : static_cast<int>(n);
  }

  bool precise_, amx_;
  std::shared_ptr<detail::ThreadPool> pool_;
};

}  // namespace brindle
