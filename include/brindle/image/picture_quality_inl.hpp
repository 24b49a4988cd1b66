// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what picture_quality.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_quality.hpp"
#include "brindle/image/resize.hpp"

namespace brindle::image {
namespace internal {

/// Levels of one channel.
struct Levels {
  std::int64_t height = 0, width = 0;
  std::vector<float> at = {};  ///< (height, width), 0..1
};

/// The mean and the standard deviation of numbers.
struct MeanAndDeviation {
  double mean = 0, deviation = 0;
};
BRINDLE_INLINE MeanAndDeviation mean_and_deviation(const std::vector<float>& numbers) {
  double sum = 0, squares = 0;
  for (const float x : numbers) sum += static_cast<double>(x);
  const double mean = numbers.empty() ? 0 : sum / static_cast<double>(numbers.size());
  for (const float x : numbers) squares += (static_cast<double>(x) - mean) * (static_cast<double>(x) - mean);
  return {mean, numbers.empty() ? 0 : std::sqrt(squares / static_cast<double>(numbers.size()))};
}

/// Each level is the mean of four.
BRINDLE_INLINE Levels halved(const Levels& whole) {
  Levels half{whole.height / 2, whole.width / 2};
  for (std::int64_t y = 0; y < half.height; ++y)
    for (std::int64_t x = 0; x < half.width; ++x) {
      const float* first = whole.at.data() + 2 * y * whole.width + 2 * x;
      half.at.push_back((first[0] + first[1] + first[whole.width] + first[whole.width + 1]) / 4);
    }
  return half;
}

/// The standard deviation of the four neighbours' sum less four times the level in their middle.
BRINDLE_INLINE double laplacian_deviation(const Levels& p) {
  std::vector<float> values;
  for (std::int64_t y = 1; y + 1 < p.height; ++y)
    for (std::int64_t x = 1; x + 1 < p.width; ++x) {
      const float* c = p.at.data() + y * p.width + x;
      values.push_back(c[-1] + c[1] + c[-p.width] + c[p.width] - 4 * c[0]);
    }
  return mean_and_deviation(values).deviation;
}

}  // namespace internal

BRINDLE_INLINE PictureQuality picture_quality(const Picture& picture) {
  internal::check_picture(picture, "picture_quality");
  if (picture.channels != 1 && picture.channels != 3)
    detail::raise<ShapeError>("picture_quality: expected a picture (H, W, 1) or (H, W, 3), got " +
                              to_string(picture.shape()));
  const Picture p = internal::at_most(picture, 256);
  internal::Levels grey{p.height, p.width};
  double colour = 0;
  const auto channels = static_cast<std::size_t>(p.channels);
  for (std::size_t i = 0; i < p.pixels.size(); i += channels) {
    const std::uint8_t* c = p.pixels.data() + i;
    if (channels == 1) {
      grey.at.push_back(static_cast<float>(c[0]) / 255);
      continue;
    }
    grey.at.push_back(
        (0.299f * static_cast<float>(c[0]) + 0.587f * static_cast<float>(c[1]) + 0.114f * static_cast<float>(c[2])) /
        255);
    colour += (std::max({c[0], c[1], c[2]}) - std::min({c[0], c[1], c[2]})) / 255.0;
  }
  const auto [mean, deviation] = internal::mean_and_deviation(grey.at);
  PictureQuality q{.brightness = mean, .contrast = deviation, .colour = colour / static_cast<double>(grey.at.size())};
  if (std::min(p.height, p.width) < 8) return q;
  const double coarse = internal::laplacian_deviation(internal::halved(grey));
  q.sharpness = coarse > 0 ? internal::laplacian_deviation(grey) / coarse : 0;
  return q;
}

}  // namespace brindle::image
