#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"

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
                                                              {"imagenet_mean_std", Preprocessing::imagenet_mean_std}};

/// "(0.5, 0.25)": the first `count` numbers, exact.
inline std::string numbers_text(const std::array<double, Preprocessing::most_channels>& values, std::int64_t count) {
  std::string text = "(";
  for (std::int64_t i = 0; i < count; ++i) text += (i ? ", " : "") + number_text(values[static_cast<std::size_t>(i)]);
  return text + ")";
}

}  // namespace detail

/// "caffe"; one without a name by its numbers, exact: "level 0.00392156862745098, mean (0.5), deviation (0.25)".
inline std::string to_string(const Preprocessing& p) {
  for (const detail::NamedPreprocessing& known : detail::named_preprocessings)
    if (known.value == p) return known.name;
  const auto count = static_cast<std::int64_t>(p.told_apart());
  return "level " + detail::number_text(p.scale) + ", mean " + detail::numbers_text(p.mean, count) + ", deviation " +
         detail::numbers_text(p.deviation, count) + (p.bgr ? ", BGR" : "");
}

/// By the name that to_string() gives. Throws ValueError with the names there are.
inline Preprocessing preprocessing(const std::string& name) {
  std::string names;
  for (const detail::NamedPreprocessing& known : detail::named_preprocessings) {
    if (name == known.name) return known.value;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  detail::raise<ValueError>("preprocessing \"" + name + "\": expected one of " + names);
}

namespace image {

namespace internal {

/// What a level of a channel of the picture (R, G, B) is multiplied by, and what is then added.
struct ChannelScale {
  float factor = 1;  ///< of the level
  float offset = 0;  ///< in the network's units
};

/// Of channel 0, 1, ... of the picture: R, G, B, whatever order the network takes them in.
inline ChannelScale channel_scale(const Preprocessing& p, std::int64_t channel) {
  const auto c = static_cast<std::size_t>(p.channels == 0 ? 0 : channel);
  const float offset = static_cast<float>(-p.mean[c] / p.deviation[c]);
  return {static_cast<float>(p.scale / p.deviation[c]), offset == 0 ? 0.0f : offset};
}

}  // namespace internal

/// Throws ValueError for numbers without a meaning and for pictures that cannot be prepared so; `who` is named.
inline void check_preprocessing(const std::string& who, const Preprocessing& p, std::int64_t channels) {
  if (p.channels < 0 || p.channels > Preprocessing::most_channels)
    detail::raise<ValueError>(who + ": preprocessing for " + std::to_string(p.channels) +
                              " channels, expected 0 (any number) to " + std::to_string(Preprocessing::most_channels));
  if (p.channels != 0 && channels != p.channels)
    detail::raise<ValueError>(who + ": preprocessing " + to_string(p) + " needs pictures of " +
                              std::to_string(p.channels) + " channels, got " + std::to_string(channels));
  if (p.bgr && channels != 3)
    detail::raise<ValueError>(who + ": preprocessing in the order B G R needs pictures of 3 channels, got " +
                              std::to_string(channels));
  for (std::size_t c = 1; p.channels == 0 && c < p.mean.size(); ++c)
    if ((p.mean[c] != 0 && p.mean[c] != p.mean[0]) ||
        (p.deviation[c] > 0 && p.deviation[c] != 1 && p.deviation[c] != p.deviation[0]))
      detail::raise<ValueError>(who +
                                ": the preprocessing has mean or deviation of several channels, but .channels = 0 "
                                "treats all as the first; write .channels = " +
                                std::to_string(channels));
  bool finite = std::isfinite(p.scale);
  for (std::size_t c = 0; c < (p.channels == 0 ? p.mean.size() : p.told_apart()); ++c) {
    finite = finite && std::isfinite(p.mean[c]) && std::isfinite(p.deviation[c]);
    if (!(p.deviation[c] > 0))
      detail::raise<ValueError>(who + ": preprocessing divides channel " + std::to_string(c) + " by " +
                                detail::number_text(p.deviation[c]) + ", expected a deviation above 0");
  }
  if (!finite) detail::raise<ValueError>(who + ": scale, mean and deviation of the preprocessing must be finite");
}

/// The picture's levels as the network takes them.
///
///     levels (pixels, channels), 0..255  ->  out (pixels, channels)
template <class T>
void preprocess(const Preprocessing& p, std::int64_t pixels, std::int64_t channels, const std::uint8_t* levels,
                T* out) {
  if (p.channels == 0 && !p.bgr) {
    const internal::ChannelScale all = internal::channel_scale(p, 0);
    for (std::int64_t i = 0; i < pixels * channels; ++i)
      out[i] = static_cast<T>(static_cast<float>(levels[i]) * all.factor + all.offset);
    return;
  }
  internal::ChannelScale scale[Preprocessing::most_channels];
  for (std::int64_t c = 0; c < channels; ++c) scale[c] = internal::channel_scale(p, c);
  const auto each = [&](auto count) {  // a number that the compiler knows
    for (std::int64_t i = 0; i < pixels; ++i, levels += count, out += count)
      for (std::int64_t c = 0; c < count; ++c)
        out[p.bgr ? count - 1 - c : c] =
            static_cast<T>(static_cast<float>(levels[c]) * scale[c].factor + scale[c].offset);
  };
  if (channels == 3)
    each(std::integral_constant<std::int64_t, 3>{});
  else
    each(channels);
}

}  // namespace image
}  // namespace brindle
