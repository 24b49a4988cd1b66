// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include "support/bandwidth.hpp"
#include "support/fma_peak.hpp"

namespace brindle::bench {

/// Counts of one call: operations a second, as a share of what the threads' FMA units could do; bytes a second, each
/// array once that must be read or written, as a share of the memory's bandwidth. Above 1 of the latter: caches.
inline void count_shares(benchmark::State& state, double flops, double bytes, int threads) {
  static const double peak = fma_peak<float>();
  static const double bandwidth_1 = memory_bandwidth(Cpu(1)), bandwidth_2 = memory_bandwidth(Cpu(2));
  const double bandwidth = threads == 1 ? bandwidth_1 : bandwidth_2;
  constexpr auto rate = benchmark::Counter::kIsIterationInvariantRate;
  state.counters["flop"] = benchmark::Counter(flops, rate);
  state.counters["of_peak"] = benchmark::Counter(flops / (peak * threads), rate);
  state.counters["of_bandwidth"] = benchmark::Counter(bytes / bandwidth, rate);
}

}  // namespace brindle::bench
