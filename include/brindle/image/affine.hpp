// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/image/affine_map.hpp"

namespace brindle::image {

/// How levels 0..255 become what a network takes, channel by channel:
///
///     (level scale - mean) / (deviation + 1e-6)        Keras's rescale, featurewise_center,
///     featurewise_std_normalization
class Standardize {
 public:
  /// mean and deviation: one a channel, or none (0, and no division).
  ///
  /// Throws ShapeError for other lengths, ValueError for numbers that are not finite or a deviation below 0.
  explicit Standardize(std::int64_t channels, double scale = 1.0 / 255.0, const std::vector<double>& mean = {},
                       const std::vector<double>& deviation = {});

  /// One a channel: a level becomes level factor + offset.
  /// @{
  std::vector<float> factor, offset;
  /// @}

 private:
  static void check(const char* what, const std::vector<double>& values, std::int64_t channels);
};

/// The picture that `m` describes, bilinear, each level then standardised; levels as they are without `to`.
///
///     picture (H, W, C), 0..255  ->  out (H, W, C)
///
/// Levels are blended in float. In RGB the columns of a row whose four pixels all lie inside need no look at the edges,
/// and those outside are as cheap for Fill::nearest; other fills and numbers of channels go pixel by pixel.
/// Throws ShapeError for sizes that differ.
template <class T>
void warp(const Affine& m, TensorView<const std::uint8_t> picture, std::type_identity_t<TensorView<T>> out, Fill fill,
          double constant, const Standardize* to = nullptr);

}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/affine_inl.hpp"
#endif
