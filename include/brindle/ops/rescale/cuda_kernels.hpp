// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// A number for each channel, or one for all.
template <class T>
struct ChannelNumbers {
  const T* data;
  std::int64_t count;

  BRINDLE_HOST_DEVICE T of(std::int64_t element) const { return data[count == 1 ? 0 : element % count]; }
};

/// Element i of y = (x - centre) factor + offset.
template <class T>
struct RescaleForward {
  const T* x;
  T* y;
  ChannelNumbers<T> centre, factor, offset;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    y[i] = (x[i] - centre.of(i)) * factor.of(i) + offset.of(i);
  }
};

/// Element i of dx = dy factor.
template <class T>
struct RescaleBackward {
  const T* dy;
  T* dx;
  ChannelNumbers<T> factor;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { dx[i] = dy[i] * factor.of(i); }
};

}  // namespace brindle::ops::kernel
