// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what preprocessing.hpp declares.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/image/preprocessing.hpp"

namespace brindle::detail {

/// "(0.5, 0.25)": the first `count` numbers, exact.
BRINDLE_INLINE std::string numbers_text(const std::array<double, Preprocessing::most_channels>& values,
                                        std::int64_t count) {
  std::string text = "(";
  for (std::int64_t i = 0; i < count; ++i) text += (i ? ", " : "") + number_text(values[static_cast<std::size_t>(i)]);
  return text + ")";
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE std::string to_string(const Preprocessing& p) {
  for (const detail::NamedPreprocessing& known : detail::named_preprocessings)
    if (known.value == p) return known.name;
  const auto count = static_cast<std::int64_t>(p.told_apart());
  return "level " + detail::number_text(p.scale) + ", mean " + detail::numbers_text(p.mean, count) + ", deviation " +
         detail::numbers_text(p.deviation, count) + (p.bgr ? ", BGR" : "");
}

BRINDLE_INLINE Preprocessing preprocessing(const std::string& name) {
  std::string names;
  for (const detail::NamedPreprocessing& known : detail::named_preprocessings) {
    if (name == known.name) return known.value;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  detail::raise<ValueError>("preprocessing \"" + name + "\": expected one of " + names);
}

}  // namespace brindle

namespace brindle::image::internal {

BRINDLE_INLINE ChannelScale channel_scale(const Preprocessing& p, std::int64_t channel) {
  const auto c = static_cast<std::size_t>(p.channels == 0 ? 0 : channel);
  const float offset = static_cast<float>(-p.mean[c] / p.deviation[c]);
  return {static_cast<float>(p.scale / p.deviation[c]), offset == 0 ? 0.0f : offset};
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE void check_preprocessing(const std::string& who, const Preprocessing& p, std::int64_t channels) {
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

}  // namespace brindle::image
