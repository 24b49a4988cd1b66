// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// The penalty of one array of weights, added to those before it.
struct AddPenalty {
  const double* square_sum;
  double factor;
  double* total;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t) const { *total += factor * *square_sum; }
};

/// Element i of a gradient.
template <class T>
struct AddPenaltyGradient {
  const T* w;
  T by;  ///< twice the factor
  T* g;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { g[i] += by * w[i]; }
};

}  // namespace brindle::ops::kernel
