// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// y[i] = a[i] + b[i].
template <class T>
struct AddForward {
  const T* a;
  const T* b;
  T* y;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = a[i] + b[i]; }
};

}  // namespace brindle::ops::kernel
