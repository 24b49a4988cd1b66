// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what picture_input.hpp declares.
#include <cstddef>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/image/interpolation.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/preprocessing.hpp"

namespace brindle {

BRINDLE_INLINE std::string to_string(AspectRatio a) {
  return a == AspectRatio::stretch ? "stretch" : a == AspectRatio::crop ? "crop" : "pad";
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE std::vector<NamedSetting> settings_of(const PictureInput& p) {
  return {{"size", to_string(p.size)},
          {"interpolation", to_string(p.interpolation)},
          {"aspect_ratio", to_string(p.aspect_ratio)},
          {"color_mode", to_string(p.color_mode)},
          {"orientation", to_string(p.orientation)},
          {"preprocessing", to_string(p.preprocessing)},
          {"decoder", to_string(p.decoder)}};
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE std::string to_string(const PictureInput& p) {
  std::string text;
  for (const detail::NamedSetting& s : detail::settings_of(p))
    text += (text.empty() ? "" : ", ") + std::string(s.name) + " " + s.value;
  return text;
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE std::string differences(const PictureInput& got, const PictureInput& expected) {
  std::string text;
  const auto a = settings_of(got), b = settings_of(expected);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].value != b[i].value)
      text += (text.empty() ? "" : ", ") + std::string(a[i].name) + " " + a[i].value + " instead of " + b[i].value;
  return text;
}

}  // namespace brindle::detail

namespace brindle::image {

BRINDLE_INLINE void check_picture_input(const std::string& who, const PictureInput& input) {
  if (input.size.h < 1 || input.size.w < 1)
    detail::raise<ValueError>(who + ": size is " + to_string(input.size) + ", expected at least (1, 1)");
  check_preprocessing(who, input.preprocessing, input.channels());
}

}  // namespace brindle::image
