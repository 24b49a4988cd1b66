// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace brindle {

/// What makes a network's numbers of a picture's levels, 0..255: (level scale - mean) / deviation for each channel, and
/// the order of the channels. A network must get what it was trained with.
///
/// Meaning: keras/src/applications/imagenet_utils.py, preprocess_input (modes caffe, tf and torch).
struct Preprocessing {
  static constexpr std::int64_t most_channels = 4;  ///< that mean and deviation can tell apart

  double scale = 1.0 / 255.0;                   ///< what levels are multiplied by
  std::int64_t channels = 0;                    ///< that the picture must have; 0: any number, all treated as the first
  std::array<double, most_channels> mean = {};  ///< then taken away: of R, G, B, or of grey
  std::array<double, most_channels> deviation = {1.0, 1.0, 1.0, 1.0};  ///< what is then divided by, above 0
  bool bgr = false;  ///< the network takes B G R; mean and deviation stay those of R, G, B

  static const Preprocessing none;               ///< the levels themselves
  static const Preprocessing unit_rgb;           ///< level / 255
  static const Preprocessing caffe;              ///< B G R less ImageNet's means: the public weights of VGG16
  static const Preprocessing minus_one_to_one;   ///< level / 127.5 - 1: MobileNet's
  static const Preprocessing efficientnet_lite;  ///< (level - 127) / 128: EfficientNet-Lite's
  static const Preprocessing imagenet_mean_std;  ///< (level / 255 - mean) / deviation of ImageNet: PyTorch's

  /// The same numbers of every picture: mean and deviation count for the channels that there are.
  friend constexpr bool operator==(const Preprocessing& a, const Preprocessing& b) {
    if (a.scale != b.scale || a.channels != b.channels || a.bgr != b.bgr) return false;
    for (std::size_t c = 0; c < a.told_apart(); ++c)
      if (a.mean[c] != b.mean[c] || a.deviation[c] != b.deviation[c]) return false;
    return true;
  }

  /// Channels that have a mean and a deviation of their own, or one that all of them share.
  constexpr std::size_t told_apart() const {
    return channels < 1 ? 1 : static_cast<std::size_t>(channels < most_channels ? channels : most_channels);
  }
};

inline constexpr Preprocessing Preprocessing::none{.scale = 1.0};
inline constexpr Preprocessing Preprocessing::unit_rgb{};
inline constexpr Preprocessing Preprocessing::caffe{
    .scale = 1.0, .channels = 3, .mean = {123.68, 116.779, 103.939, 0.0}, .bgr = true};
inline constexpr Preprocessing Preprocessing::minus_one_to_one{.scale = 1.0 / 127.5, .mean = {1.0, 0.0, 0.0, 0.0}};
inline constexpr Preprocessing Preprocessing::efficientnet_lite{
    .scale = 1.0, .mean = {127.0, 0.0, 0.0, 0.0}, .deviation = {128.0, 1.0, 1.0, 1.0}};
inline constexpr Preprocessing Preprocessing::imagenet_mean_std{
    .channels = 3, .mean = {0.485, 0.456, 0.406, 0.0}, .deviation = {0.229, 0.224, 0.225, 1.0}};

namespace detail {

struct NamedPreprocessing {
  const char* name;
  Preprocessing value;
};

inline constexpr NamedPreprocessing named_preprocessings[] = {{"none", Preprocessing::none},
                                                              {"unit_rgb", Preprocessing::unit_rgb},
                                                              {"caffe", Preprocessing::caffe},
                                                              {"minus_one_to_one", Preprocessing::minus_one_to_one},
                                                              {"efficientnet_lite", Preprocessing::efficientnet_lite},
                                                              {"imagenet_mean_std", Preprocessing::imagenet_mean_std}};

}  // namespace detail

/// "caffe"; one without a name by its numbers, exact: "level 0.00392156862745098, mean (0.5), deviation (0.25)".
std::string to_string(const Preprocessing& p);

/// By the name that to_string() gives. Throws ValueError with the names there are.
Preprocessing preprocessing(const std::string& name);

namespace image {

namespace internal {

/// What a level of a channel of the picture (R, G, B) is multiplied by, and what is then added.
struct ChannelScale {
  float factor = 1;  ///< of the level
  float offset = 0;  ///< in the network's units
};

/// Of channel 0, 1, ... of the picture: R, G, B, whatever order the network takes them in.
ChannelScale channel_scale(const Preprocessing& p, std::int64_t channel);

}  // namespace internal

/// Throws ValueError for numbers without a meaning and for pictures that cannot be prepared so; `who` is named.
void check_preprocessing(const std::string& who, const Preprocessing& p, std::int64_t channels);

/// The picture's levels as the network takes them.
///
///     levels (pixels, channels), 0..255  ->  out (pixels, channels)
template <class T>
void preprocess(const Preprocessing& p, std::int64_t pixels, std::int64_t channels, const std::uint8_t* levels, T* out);

}  // namespace image
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/image/preprocessing_inl.hpp"
#endif
