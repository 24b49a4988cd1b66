#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// dx[i] = dy[i] y[i] (1 - y[i]).
template <class T>
struct SigmoidBackward {
  const T* y;
  const T* dy;
  T* dx;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { dx[i] = dy[i] * y[i] * (T(1) - y[i]); }
};

}  // namespace brindle::ops::kernel
