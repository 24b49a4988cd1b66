// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what affine.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/affine.hpp"
#include "brindle/image/affine_pixels.hpp"

namespace brindle::image {

BRINDLE_INLINE Standardize::Standardize(std::int64_t channels, double scale, const std::vector<double>& mean,
                                        const std::vector<double>& deviation)
    : factor(static_cast<std::size_t>(channels), static_cast<float>(scale)),
      offset(static_cast<std::size_t>(channels), 0.0f) {
  check("mean", mean, channels);
  check("deviation", deviation, channels);
  bool finite = std::isfinite(scale);
  for (std::size_t c = 0; c < factor.size(); ++c) {
    const double divisor = deviation.empty() ? 1 : deviation[c] + 1e-6;
    if (!deviation.empty() && !(deviation[c] >= 0))
      detail::raise<ValueError>("Standardize: the deviation of channel " + std::to_string(c) + " is " +
                                std::to_string(deviation[c]) + ", expected at least 0");
    if (!deviation.empty()) factor[c] = static_cast<float>(scale / divisor);
    if (!mean.empty()) offset[c] = static_cast<float>(-mean[c] / divisor);
    finite = finite && std::isfinite(factor[c]) && std::isfinite(offset[c]);
  }
  if (!finite) detail::raise<ValueError>("Standardize: scale, mean and deviation must be finite numbers");
}

BRINDLE_INLINE void Standardize::check(const char* what, const std::vector<double>& values, std::int64_t channels) {
  if (!values.empty() && static_cast<std::int64_t>(values.size()) != channels)
    detail::raise<ShapeError>(std::string("Standardize: expected a ") + what + " for each of " +
                              std::to_string(channels) + " channels, or none, got " + std::to_string(values.size()));
}

namespace internal {

/// A picture, and room for what becomes of its levels.
inline void check_levels(const std::string& who, const Shape& picture, const Shape& out, const Standardize* to) {
  if (picture.rank() != 3 || picture.size() < 1 || !(out == picture))
    detail::raise<ShapeError>(who + ": expected a picture (H, W, C) and out of the same sizes, got " +
                              to_string(picture) + " and " + to_string(out));
  if (to && static_cast<std::int64_t>(to->factor.size()) != picture[2])
    detail::raise<ShapeError>(who + ": expected a factor for each channel of the picture " + to_string(picture) +
                              ", got " + std::to_string(to->factor.size()));
}

}  // namespace internal

template <class T>
void warp(const Affine& m, TensorView<const std::uint8_t> picture, std::type_identity_t<TensorView<T>> out, Fill fill,
          double constant, const Standardize* to) {
  const Shape& shape = picture.shape;
  internal::check_levels("warp", shape, out.shape, to);
  const std::int64_t h = shape[0], w = shape[1];
  for (const double v : {m.xx, m.xy, m.x0, m.yx, m.yy, m.y0})
    if (!(std::abs(v) < 1e12))
      detail::raise<ValueError>("warp: the matrix has the number " + std::to_string(v) + ", expected less than 1e12");

  // Positions and offsets then fit 32 bits.
  const bool rgb = shape[2] == 3 && h > 1 && w > 1 && h * w < (1 << 28) && std::abs(m.xx) < 1e3 && std::abs(m.yx) < 1e3;
  const float unit[3] = {1.0f, 0x1p-8f, 0x1p-16f};  // of the levels as internal::rgb gives them
  float factor[3 * internal::warp_block], offset[3 * internal::warp_block];
  for (int k = 0; rgb && k < 3 * internal::warp_block; ++k) {
    factor[k] = (to ? to->factor[static_cast<std::size_t>(k % 3)] : 1.0f) * unit[k % 3];
    offset[k] = to ? to->offset[static_cast<std::size_t>(k % 3)] : 0.0f;
  }
  // Positions this close to an edge may be rounded over it.
  const double margin = 1e-3 + 1e-6 * static_cast<double>(std::max(h, w));
  for (std::int64_t r = 0; r < h; ++r) {
    const double row = static_cast<double>(r);
    T* line = out.data + r * w * shape[2];
    std::int64_t begin = 0, end = w;
    if (rgb) {
      internal::narrow(m.xx, m.xy * row + m.x0, margin, static_cast<double>(w - 1) - margin, begin, end);
      // One row less below: the byte that is read beyond a pixel then lies inside as well.
      internal::narrow(m.yx, m.yy * row + m.y0, margin, static_cast<double>(h - 2) - margin, begin, end);
    } else {
      begin = end;
    }
    const auto edge = [&](std::int64_t from, std::int64_t until) {
      if (rgb && fill == Fill::nearest)
        internal::warp_rgb_columns<true>(m, picture.data, h, w, row, from, until, factor, offset, line);
      else
        internal::warp_columns(m, picture, row, from, until, fill, constant, to ? to->factor.data() : nullptr,
                               to ? to->offset.data() : nullptr, line);
    };
    if (begin > 0) edge(0, begin);
    if (begin < end) internal::warp_rgb_columns<false>(m, picture.data, h, w, row, begin, end, factor, offset, line);
    if (end < w) edge(end, w);
  }
}

}  // namespace brindle::image
