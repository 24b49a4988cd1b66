// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace brindle::test {

/// numpy.random.RandomState(seed): the Mersenne Twister 19937 (Matsumoto and Nishimura 1998) and what numpy makes of
/// its words, to repeat what Keras drew.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) {
    for (std::size_t i = 0; i < state_.size(); ++i) {
      state_[i] = seed;
      seed = 1812433253u * (seed ^ (seed >> 30)) + static_cast<std::uint32_t>(i) + 1;
    }
  }

  std::uint32_t word() {
    if (next_ == state_.size()) turn();
    std::uint32_t y = state_[next_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680u;
    y ^= (y << 15) & 0xEFC60000u;
    return y ^ (y >> 18);
  }

  /// random_sample(): [0, 1).
  double random() {
    const std::uint32_t a = word() >> 5, b = word() >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }

  double uniform(double low, double high) { return low + (high - low) * random(); }

  std::vector<std::int64_t> permutation(std::int64_t n) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[up_to(static_cast<std::uint32_t>(i))]);
    return order;
  }

 private:
  std::size_t up_to(std::uint32_t most) {  // numpy's legacy interval: masked words until one fits
    std::uint32_t mask = most;
    for (const int shift : {1, 2, 4, 8, 16}) mask |= mask >> shift;
    for (;;)
      if (const std::uint32_t value = word() & mask; value <= most) return value;
  }

  void turn() {
    for (std::size_t i = 0; i < state_.size(); ++i) {
      const std::uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % state_.size()] & 0x7FFFFFFFu);
      state_[i] = state_[(i + 397) % state_.size()] ^ (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0u);
    }
    next_ = 0;
  }

  std::array<std::uint32_t, 624> state_{};
  std::size_t next_ = 624;
};

}  // namespace brindle::test
