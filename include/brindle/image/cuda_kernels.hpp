// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/image/affine.hpp"
#include "brindle/image/affine_pixels.hpp"

namespace brindle::image::internal {

/// Pixel i of several warped pictures (uses, h, w, c), each level then standardised: image::apply() of a draw that
/// looks at no whole picture. The draws go along with the launch.
template <class T>
struct WarpPixel {
  static constexpr int most = 48;  ///< uses
  static constexpr int most_channels = 4;

  struct Use {
    Affine m;
    std::int32_t row;  ///< of the picture
    float brightness;  ///< factor of the levels, within 0..255; 1: they stay as they are
    std::int32_t top = 0, left = 0, height = 0, width = 0;  ///< the part that is erased; of no height: none
  };

  const std::uint8_t* pixels;  ///< (pictures, h, w, c)
  T* out;
  std::int64_t h, w, c;
  Fill fill;
  double constant;
  float factor[most_channels], offset[most_channels];
  bool swap_red_blue;
  float erased;  ///< what stands in a part that is erased
  Use use[most];

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t n = i / w / h;
    const double column = static_cast<double>(i % w), row = static_cast<double>(i / w % h);
    if (const Use& u = use[n]; u.height > 0 && is_in(i / w % h - u.top, u.height) && is_in(i % w - u.left, u.width)) {
      for (std::int64_t k = 0; k < c; ++k) out[i * c + k] = static_cast<T>(erased);
      return;
    }
    const Affine& m = use[n].m;
    const internal::AxisPosition x = internal::locate(m.xx * column + m.xy * row + m.x0, w, fill);
    const internal::AxisPosition y = internal::locate(m.yx * column + m.yy * row + m.y0, h, fill);
    const std::uint8_t* picture = pixels + use[n].row * h * w * c;
    for (std::int64_t k = 0; k < c; ++k) {
      double level = constant;
      if (!x.outside && !y.outside) {
        const double above = between(picture, y.first, x, k), below = between(picture, y.second, x, k);
        level = above + y.share * (below - above);
      }
      if (use[n].brightness != 1) level = brighter(static_cast<float>(std::floor(level)) * use[n].brightness);
      const std::int64_t to = swap_red_blue && k != 1 ? 2 - k : k;
      out[i * c + to] = static_cast<T>(static_cast<float>(level) * factor[k] + offset[k]);
    }
  }

 private:
  BRINDLE_HOST_DEVICE static bool is_in(std::int64_t at, std::int64_t size) { return at >= 0 && at < size; }

  BRINDLE_HOST_DEVICE static double brighter(float level) {
    level = level < 0 ? 0 : level;
    return std::floor(255 < level ? 255 : level);
  }

  BRINDLE_HOST_DEVICE double between(const std::uint8_t* picture, std::int64_t row, const internal::AxisPosition& x,
                                     std::int64_t k) const {
    const double a = picture[(row * w + x.first) * c + k], b = picture[(row * w + x.second) * c + k];
    return a + x.share * (b - a);
  }
};

}  // namespace brindle::image::internal
