// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// A row of k elements of x, and what makes it normal.
template <class T>
struct NormalRow {
  const T* x;
  T mean, factor;

  BRINDLE_HOST_DEVICE static NormalRow of(const T* x, std::int64_t k, T epsilon) {
    T sum = 0, squares = 0;
    for (std::int64_t i = 0; i < k; ++i) sum += x[i];
    const T mean = sum / static_cast<T>(k);
    for (std::int64_t i = 0; i < k; ++i) squares += (x[i] - mean) * (x[i] - mean);
    return {x, mean, T(1) / std::sqrt(squares / static_cast<T>(k) + epsilon)};
  }
  BRINDLE_HOST_DEVICE T normal(std::int64_t i) const { return (x[i] - mean) * factor; }
};

/// Row r of y. gamma, beta: k elements, or null.
template <class T>
struct LayerNormalizationForward {
  const T* x;
  const T* gamma;
  const T* beta;
  T* y;
  std::int64_t k;
  T epsilon;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t r) const {
    const auto row = NormalRow<T>::of(x + r * k, k, epsilon);
    T* to = y + r * k;
    for (std::int64_t i = 0; i < k; ++i) {
      const T scaled = gamma ? row.normal(i) * gamma[i] : row.normal(i);
      to[i] = beta ? scaled + beta[i] : scaled;
    }
  }
};

/// Row r of dx, unless that is null, and of scales: dy times the normal row, whose sums are the gradient by gamma.
template <class T>
struct LayerNormalizationBackward {
  const T* x;
  const T* gamma;  ///< null: 1
  const T* dy;
  T* dx;
  T* scales;
  std::int64_t k;
  T epsilon;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t r) const {
    const auto row = NormalRow<T>::of(x + r * k, k, epsilon);
    const T* d = dy + r * k;
    T slope = 0, along = 0;
    for (std::int64_t i = 0; i < k; ++i) {
      scales[r * k + i] = d[i] * row.normal(i);
      const T by_normal = gamma ? d[i] * gamma[i] : d[i];
      slope += by_normal;
      along += by_normal * row.normal(i);
    }
    if (!dx) return;
    slope /= static_cast<T>(k);
    along /= static_cast<T>(k);
    for (std::int64_t i = 0; i < k; ++i)
      dx[r * k + i] = row.factor * ((gamma ? d[i] * gamma[i] : d[i]) - slope - row.normal(i) * along);
  }
};

}  // namespace brindle::ops::kernel
