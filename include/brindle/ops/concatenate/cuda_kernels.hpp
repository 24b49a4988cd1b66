// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// Element i of all runs of `width` numbers.
template <class T>
struct CopyRuns {
  const T* from;
  T* to;
  std::int64_t width, from_step, to_step;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t row = i / width, column = i % width;
    to[row * to_step + column] = from[row * from_step + column];
  }
};

}  // namespace brindle::ops::kernel
