// SPDX-License-Identifier: MIT
#pragma once

// What the programs of this folder share: they run on systems that are emulated, or have no test framework.
#include <brindle/core/random.hpp>
#include <brindle/core/tensor.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

namespace brindle::portability {

/// Counts what held and what did not; the last line, "passed 12 failed 0", is what scripts/portability.sh counts.
class Checks {
 public:
  void is(bool holds, const std::string& what) {
    holds ? ++passed_ : ++failed_;
    if (!holds) std::printf("FAILED %s\n", what.c_str());
  }

  /// What a function checks; what it throws is a failure.
  template <class F>
  void runs(const std::string& what, const F& function) {
    try {
      function();
    } catch (const std::exception& e) {
      is(false, what + ": " + e.what());
    }
  }

  /// That a function throws an error with this in its message.
  template <class F>
  void refuses(const std::string& what, const std::string& message, const F& function) {
    try {
      function();
      is(false, what + ": nothing was thrown");
    } catch (const std::exception& e) {
      is(std::string(e.what()).find(message) != std::string::npos, what + ": " + e.what());
    }
  }

  /// That two rows of numbers are as long as each other and differ by `most` at most.
  template <class A, class B>
  void near(const A& a, const B& b, double most, const std::string& what) {
    double worst = a.size() == b.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < static_cast<std::size_t>(a.size()) && worst < INFINITY; ++i) {
      const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      worst = difference >= worst ? difference : std::isnan(difference) ? INFINITY : worst;
    }
    std::printf("%s: differs by %.3g at most\n", what.c_str(), worst);
    is(worst <= most, what + " differs by more than " + std::to_string(most));
  }

  /// Prints the line; what main() returns.
  int finish() const {
    std::printf("passed %d failed %d\n", passed_, failed_);
    return failed_ > 0 || passed_ == 0;
  }

 private:
  int passed_ = 0, failed_ = 0;
};

/// n pictures (n, 16, 16, 3) in 0..1, discs at even numbers and squares at odd ones, of other places, sizes and
/// colours.
inline Tensor<float> drawn_pictures(std::int64_t n, std::uint64_t seed) {
  constexpr std::int64_t side = 16;
  Tensor<float> x({n, side, side, 3});
  const Random random{seed, 1, 0};
  const auto whole = [&](std::int64_t i, std::uint64_t k, std::uint64_t most) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(i) * 8 + k, most));
  };
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t row = 5 + whole(i, 0, 6), column = 5 + whole(i, 1, 6), radius = 3 + whole(i, 2, 3);
    for (std::int64_t r = 0; r < side; ++r)
      for (std::int64_t c = 0; c < side; ++c) {
        const std::int64_t down = r - row, right = c - column;
        const bool disc = down * down + right * right <= radius * radius;
        const bool square = std::abs(down) < radius && std::abs(right) < radius;
        for (std::int64_t k = 0; k < 3; ++k)
          x[((i * side + r) * side + c) * 3 + k] =
              static_cast<float>((i % 2 == 0 ? disc : square) ? 128 + whole(i, static_cast<std::uint64_t>(3 + k), 128)
                                                              : whole(i * 997 + r * side + c, 7, 64)) /
              256.0f;
      }
  }
  return x;
}

}  // namespace brindle::portability
