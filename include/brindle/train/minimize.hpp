// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace brindle::detail {

/// Minimum of a smooth convex function by L-BFGS with a memory of ten steps and backtracking. value(w, gradient). The
/// number of steps.
template <class Value>
std::int64_t minimize(std::vector<double>& w, double tolerance, std::int64_t most_steps, Value&& value) {
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
    return sum;
  };
  std::vector<double> gradient(w.size()), next(w.size()), next_gradient(w.size());
  std::vector<std::pair<std::vector<double>, std::vector<double>>> memory;  // steps, and what they did to the gradient
  double f = value(w, gradient);
  for (std::int64_t step = 0; step < most_steps; ++step) {
    double largest = 0;
    for (const double g : gradient) largest = std::max(largest, std::abs(g));
    if (largest <= tolerance) return step;
    std::vector<double> direction = gradient, share(memory.size());
    for (std::size_t m = memory.size(); m-- > 0;) {
      const auto& [s, y] = memory[m];
      share[m] = dot(s, direction) / dot(s, y);
      for (std::size_t k = 0; k < w.size(); ++k) direction[k] -= share[m] * y[k];
    }
    if (!memory.empty()) {
      const auto& [s, y] = memory.back();
      const double length = dot(s, y) / dot(y, y);
      for (double& d : direction) d *= length;
    }
    for (std::size_t m = 0; m < memory.size(); ++m) {
      const auto& [s, y] = memory[m];
      const double back = share[m] - dot(y, direction) / dot(s, y);
      for (std::size_t k = 0; k < w.size(); ++k) direction[k] += back * s[k];
    }
    const double slope = dot(gradient, direction);
    double length = memory.empty() ? std::min(1.0, 1.0 / std::sqrt(dot(gradient, gradient))) : 1.0;
    double found = f;
    for (int halved = 0;; ++halved) {
      if (halved == 60) return step;  // as near as double can tell
      for (std::size_t k = 0; k < w.size(); ++k) next[k] = w[k] - length * direction[k];
      found = value(next, next_gradient);
      if (found <= f - 1e-4 * length * slope) break;
      length *= 0.5;
    }
    std::vector<double> s(w.size()), y(w.size());
    for (std::size_t k = 0; k < w.size(); ++k) s[k] = next[k] - w[k], y[k] = next_gradient[k] - gradient[k];
    if (dot(s, y) > 0) {
      if (memory.size() == 10) memory.erase(memory.begin());
      memory.emplace_back(std::move(s), std::move(y));
    }
    std::swap(w, next);
    std::swap(gradient, next_gradient);
    f = found;
  }
  return most_steps;
}

}  // namespace brindle::detail
