// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/clip/clip.hpp"

namespace brindle::ops::kernel {

/// Element i of a gradient.
template <class T>
struct ClipValue {
  T* g;
  T limit;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    if (g[i] > limit) g[i] = limit;
    if (g[i] < -limit) g[i] = -limit;
  }
};

/// Sum i of `count`: that of elements i, i + count, i + 2 count ... of n, or of their squares, first to last. So
/// threads beside each other read numbers beside each other.
template <class T, bool squares>
struct StridedSums {
  const T* x;
  double* sums;
  std::int64_t n, count;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    double sum = 0;
    for (std::int64_t k = i; k < n; k += count) {
      const double at = static_cast<double>(x[k]);
      sum += squares ? at * at : at;
    }
    sums[i] = sum;
  }
};

/// The factor of gradient i of n.
struct ClipFactors {
  const double* sums;
  double* factors;
  std::int64_t n;
  double limit;
  bool global;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    double sum = sums[i];
    if (global) {
      sum = 0;
      for (std::int64_t k = 0; k < n; ++k) sum += sums[k];
    }
    factors[i] = clip_factor(sum, limit);
  }
};

/// Element i of a gradient.
template <class T>
struct ScaleGradient {
  T* g;
  const double* factor;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    if (*factor != 1) g[i] *= static_cast<T>(*factor);
  }
};

}  // namespace brindle::ops::kernel
