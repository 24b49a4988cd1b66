// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"

// What the programs share whose figures stand beside the peers': timing, peak memory and the JSON lines, which are
// those of peers/timing.py.
namespace brindle::bench {

/// How long a figure is taken.
struct Timing {
  int threads = 2;
  double seconds = 8;
};

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// MiB that a file of /proc/self/ tells behind a name. 0 where there is none.
inline double memory_mb(const std::string& file, const std::string& name) {
  std::ifstream in("/proc/self/" + file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  return 0;
}

/// The most memory that this process has had at a time, MiB: VmHWM of /proc/self/status. 0 where there is none.
inline double peak_memory_mb() { return memory_mb("status", "VmHWM"); }

/// The same, where of memory that several processes have in common each counts its part: as it is now.
inline double peak_memory_part_mb() {
  return peak_memory_mb() - memory_mb("status", "RssShmem") + memory_mb("smaps_rollup", "Pss_Shmem");
}

/// Prints the median, the best and the worst of `times`, seconds of single calls, as one JSON line. items: samples of a
/// call; gflop: of a call, 0 where nobody counted; more: fields, each after a comma.
inline void print_times(const Timing& t, const std::string& name, double items, double gflop, std::vector<double> times,
                        const std::string& more = "") {
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf(
      "{\"peer\": \"brindle\", \"work\": \"%s\", \"value\": %.5g, \"unit\": \"ms\", \"min\": %.5g, \"max\": %.5g, "
      "\"n\": %zu, \"threads\": %d, \"per_s\": %.5g, \"gflop\": %.5g, \"gflops\": %.5g, \"rss_peak_mb\": %.5g%s}\n",
      name.c_str(), median * 1e3, times.front() * 1e3, times.back() * 1e3, times.size(), t.threads, items / median,
      gflop, gflop / median, peak_memory_mb(), more.c_str());
  std::fflush(stdout);
}

/// Calls work() three times, then at least five times and until the seconds are spent; prints the line.
template <class Work>
void measure(const Timing& t, const std::string& name, double items, double gflop, Work&& work) {
  for (int i = 0; i < 3; ++i) work();
  std::vector<double> times;
  for (const double end = now() + t.seconds; times.size() < 5 || (now() < end && times.size() < 200);) {
    const double start = now();
    work();
    times.push_back(now() - start);
  }
  print_times(t, name, items, gflop, std::move(times));
}

/// Numbers of 0 to 1, the same in every run.
inline Tensor<float> random_batch(const Shape& shape) {
  Tensor<float> x(shape);
  const Random random{0, stream_id("benchmark"), 0};
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(i)));
  return x;
}

}  // namespace brindle::bench
