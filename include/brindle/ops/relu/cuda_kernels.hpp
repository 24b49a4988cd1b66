#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// dx[i] = dy[i] where y[i] > 0, else 0.
template <class T>
struct ReluBackward {
  const T* y;
  const T* dy;
  T* dx;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { dx[i] = y[i] > T(0) ? dy[i] : T(0); }
};

}  // namespace brindle::ops::kernel
