// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// Element i of y (n, oh, ow, c): x (n, h, w, c) with zeros around it.
template <class T>
struct ZeroPaddingForward {
  const T* x;
  T* y;
  std::int64_t h, w, c, oh, ow, top, left;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t row = i / c / ow % oh - top, column = i / c % ow - left, n = i / c / ow / oh;
    const bool inside = row >= 0 && row < h && column >= 0 && column < w;
    y[i] = inside ? x[((n * h + row) * w + column) * c + i % c] : T(0);
  }
};

/// Element i of dx (n, h, w, c), from dy (n, oh, ow, c).
template <class T>
struct ZeroPaddingBackward {
  const T* dy;
  T* dx;
  std::int64_t h, w, c, oh, ow, top, left;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t row = i / c / w % h + top, column = i / c % w + left, n = i / c / w / h;
    dx[i] = dy[((n * oh + row) * ow + column) * c + i % c];
  }
};

}  // namespace brindle::ops::kernel
