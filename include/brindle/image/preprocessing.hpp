#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"

namespace brindle {

/// What makes a network's numbers of a picture's levels, 0..255, R G B. A network must get what it was trained with.
enum class Preprocessing {
  none,      ///< the levels themselves
  unit_rgb,  ///< level / 255
  caffe,     ///< B G R minus (103.939, 116.779, 123.68), the means of ImageNet: the public weights of VGG16
};

/// "none", "unit_rgb", "caffe": as saved models name it.
inline std::string to_string(Preprocessing p) {
  switch (p) {
    case Preprocessing::none:
      return "none";
    case Preprocessing::caffe:
      return "caffe";
    case Preprocessing::unit_rgb:
      break;
  }
  return "unit_rgb";
}

/// Throws ValueError for a name that is none of the three.
inline Preprocessing preprocessing(const std::string& name) {
  for (const Preprocessing p : {Preprocessing::none, Preprocessing::unit_rgb, Preprocessing::caffe})
    if (to_string(p) == name) return p;
  detail::raise<ValueError>("preprocessing \"" + name + "\": expected none, unit_rgb or caffe");
}

namespace image {

/// What a level of a channel of the picture (R, G, B) is multiplied by, and what is then added.
struct ChannelScale {
  float factor = 1;  ///< of the level
  float offset = 0;  ///< in the network's units
};

/// Of channel 0, 1 or 2: R, G, B of the picture, whatever order the network takes them in.
inline ChannelScale channel_scale(Preprocessing p, std::int64_t channel) {
  constexpr float caffe_means[3] = {123.68f, 116.779f, 103.939f};
  if (p == Preprocessing::caffe) return {1.0f, -caffe_means[channel % 3]};
  return {p == Preprocessing::none ? 1.0f : static_cast<float>(1.0 / 255.0), 0.0f};
}

/// Throws ValueError for pictures that cannot be prepared so; `who` is named.
inline void check_preprocessing(const std::string& who, Preprocessing p, std::int64_t channels) {
  if (p == Preprocessing::caffe && channels != 3)
    detail::raise<ValueError>(who + ": preprocessing caffe needs pictures of 3 channels, got " +
                              std::to_string(channels));
}

/// The picture's levels as the network takes them.
///
///     levels (pixels, channels), 0..255  ->  out (pixels, channels)
template <class T>
void preprocess(Preprocessing p, std::int64_t pixels, std::int64_t channels, const std::uint8_t* levels, T* out) {
  if (p == Preprocessing::caffe) {
    const ChannelScale red = channel_scale(p, 0), green = channel_scale(p, 1), blue = channel_scale(p, 2);
    for (std::int64_t i = 0; i < pixels * 3; i += 3) {
      out[i] = static_cast<T>(static_cast<float>(levels[i + 2]) + blue.offset);
      out[i + 1] = static_cast<T>(static_cast<float>(levels[i + 1]) + green.offset);
      out[i + 2] = static_cast<T>(static_cast<float>(levels[i]) + red.offset);
    }
    return;
  }
  const float factor = channel_scale(p, 0).factor;
  for (std::int64_t i = 0; i < pixels * channels; ++i) out[i] = static_cast<T>(static_cast<float>(levels[i]) * factor);
}

}  // namespace image
}  // namespace brindle
