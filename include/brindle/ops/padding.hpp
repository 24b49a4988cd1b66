#pragma once

#include <algorithm>
#include <cstdint>

namespace brindle {

/// valid: windows lie inside the picture. same: zeros (minus infinity for a maximum) around it, so that the output has
/// ceil(in / stride) rows; of an odd number of them the extra one is at the bottom and right, as in Keras.
enum class Padding { valid, same };

namespace ops {

/// Where windows of one axis lie.
struct WindowAxis {
  std::int64_t out = 0;     ///< number of windows; 0 when none fits
  std::int64_t before = 0;  ///< padding in front of the first element

  /// in, window, stride >= 1.
  static constexpr WindowAxis of(std::int64_t in, std::int64_t window, std::int64_t stride, Padding padding) {
    if (padding == Padding::valid) return {in < window ? 0 : (in - window) / stride + 1, 0};
    const std::int64_t out = (in + stride - 1) / stride;
    return {out, std::max<std::int64_t>((out - 1) * stride + window - in, 0) / 2};
  }
};

}  // namespace ops
}  // namespace brindle
