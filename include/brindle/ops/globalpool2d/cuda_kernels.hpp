// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// Element i of y (n, c): the mean of a channel of x (n, h, w, c).
template <class T>
struct GlobalAverage {
  const T* x;
  T* y;
  std::int64_t h, w, c;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T* from = x + i / c * h * w * c + i % c;
    T sum = 0;
    for (std::int64_t r = 0; r < h; ++r) {
      T row = 0;
      for (std::int64_t k = 0; k < w; ++k, from += c) row += *from;
      sum += row;
    }
    y[i] = sum / static_cast<T>(h * w);
  }
};

/// Element i of dx (n, h, w, c).
template <class T>
struct GlobalAverageBackward {
  const T* dy;
  T* dx;
  std::int64_t pixels, c;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    dx[i] = dy[i / (pixels * c) * c + i % c] / static_cast<T>(pixels);
  }
};

/// Element i of y (n, c): the largest value of a channel of x (n, h, w, c); a NaN stays.
template <class T>
struct GlobalMaximum {
  const T* x;
  T* y;
  std::int64_t pixels, c;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T* from = x + i / c * pixels * c + i % c;
    T best = *from;
    for (std::int64_t p = 1; p < pixels; ++p) {
      from += c;
      if (*from > best || *from != *from) best = *from;
    }
    y[i] = best;
  }
};

/// Channel i of dx (n, c), all of its pixels: equal parts of dy where x is the largest value.
template <class T>
struct GlobalMaximumBackward {
  const T* x;
  const T* y;
  const T* dy;
  T* dx;
  std::int64_t pixels, c;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t first = i / c * pixels * c + i % c;
    T count = 0;
    for (std::int64_t p = 0; p < pixels; ++p) count += is_largest(x[first + p * c], y[i]) ? T(1) : T(0);
    const T part = dy[i] / count;
    for (std::int64_t p = 0; p < pixels; ++p) dx[first + p * c] = is_largest(x[first + p * c], y[i]) ? part : T(0);
  }

  BRINDLE_HOST_DEVICE static bool is_largest(T value, T largest) {
    return value == largest || (value != value && largest != largest);
  }
};

}  // namespace brindle::ops::kernel
