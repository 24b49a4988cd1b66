// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/multiply/multiply.hpp"

namespace brindle::ops::kernel {

/// y[i] = x[i] times the factor of its sample, position and channel.
template <class T>
struct MultiplyForward {
  const T* x;
  const T* factor;
  T* y;
  std::int64_t positions, channels;
  bool each_position, each_channel;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t row = i / channels;
    const std::int64_t first = each_position ? row : row / positions;
    y[i] = x[i] * factor[each_channel ? first * channels + i % channels : first];
  }
};

/// dfactor[j]: the sum of x dy over the positions and channels that it stands for, in their order.
template <class T>
struct MultiplyBackward {
  const T* x;
  const T* dy;
  T* dfactor;
  std::int64_t positions, channels;
  bool each_position, each_channel;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t j) const {
    const std::int64_t of_row = each_channel ? channels : 1;
    const std::int64_t row = (each_position ? 1 : positions) * (j / of_row), rows = each_position ? 1 : positions;
    const std::int64_t first = each_channel ? j % of_row : 0, count = each_channel ? 1 : channels;
    T sum = 0;
    for (std::int64_t p = row; p < row + rows; ++p)
      for (std::int64_t c = first; c < first + count; ++c) sum += x[p * channels + c] * dy[p * channels + c];
    dfactor[j] = sum;
  }
};

}  // namespace brindle::ops::kernel
