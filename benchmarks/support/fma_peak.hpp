// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <chrono>

namespace brindle::bench {

/// The most multiply-adds of T, times two, that one thread does in a second on this machine: the best of a few short
/// runs.
template <class T>
double fma_peak() {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  using namespace Eigen::internal;
  constexpr int chains = 12;  // more than latency times throughput of any core we know
  constexpr int steps = 200000;
  Packet sum[chains];
  for (int i = 0; i < chains; ++i) sum[i] = pset1<Packet>(static_cast<T>(i));
  const Packet a = pset1<Packet>(T(0.999)), b = pset1<Packet>(T(0.001));
  double best = 0;
  for (int run = 0; run < 40; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    for (int s = 0; s < steps; ++s)
#pragma GCC unroll 12
      for (int i = 0; i < chains; ++i) sum[i] = pmadd(sum[i], a, b);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    best = std::max(best, 2.0 * int{packet_traits<T>::size} * chains * steps / time.count());
  }
  T total = 0;
  for (int i = 0; i < chains; ++i) total += predux(sum[i]);
  return total == T(-1) ? 0 : best;  // uses the sums
}

}  // namespace brindle::bench
