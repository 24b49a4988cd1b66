// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/parse_json.hpp"

namespace brindle::io::detail {

/// The description as saved models hold it; numbers come back exactly.
inline nlohmann::ordered_json to_json(const PictureInput& p) {
  const Preprocessing& q = p.preprocessing;
  return {
      {"size", {p.size.h, p.size.w}},
      {"interpolation", to_string(p.interpolation)},
      {"aspect_ratio", to_string(p.aspect_ratio)},
      {"color_mode", to_string(p.color_mode)},
      {"orientation", to_string(p.orientation)},
      {"decoder", to_string(p.decoder)},
      {"preprocessing",
       {{"scale", q.scale}, {"channels", q.channels}, {"mean", q.mean}, {"deviation", q.deviation}, {"bgr", q.bgr}}}};
}

/// The one of `values` that is called so. Throws ValueError with the names there are.
template <class Json, class E>
E named(const Json& json, const std::string& key, std::initializer_list<E> values) {
  const std::string name = json.at(key).template get<std::string>();
  std::string names;
  for (const E value : values) {
    if (to_string(value) == name) return value;
    names += (names.empty() ? "" : ", ") + to_string(value);
  }
  brindle::detail::raise<ValueError>("input: " + key + " \"" + name + "\" is not known; there are: " + names +
                                     "; update the library");
}

/// What to_json() gave. Throws ValueError for what has no meaning, and nlohmann's errors for what is not there.
template <class Json>
PictureInput picture_input_from_json(const Json& json) {
  PictureInput p;
  p.size = {whole_number<std::int64_t>(json.at("size").at(0)), whole_number<std::int64_t>(json.at("size").at(1))};
  p.interpolation = named(json, "interpolation", {image::Interpolation::nearest, image::Interpolation::bilinear});
  p.aspect_ratio = named(json, "aspect_ratio", {AspectRatio::stretch, AspectRatio::crop, AspectRatio::pad});
  p.color_mode = named(json, "color_mode", {ColorMode::rgb, ColorMode::grayscale});
  p.orientation = named(json, "orientation", {Orientation::as_stored, Orientation::exif});
  p.decoder = named(json, "decoder", {Decoder::stb, Decoder::libjpeg_turbo, Decoder::libjpeg_turbo_reduced});
  const auto& q = json.at("preprocessing");
  p.preprocessing.scale = q.at("scale").template get<double>();
  p.preprocessing.channels = whole_number<std::int64_t>(q.at("channels"));
  p.preprocessing.mean = q.at("mean").template get<std::array<double, Preprocessing::most_channels>>();
  p.preprocessing.deviation = q.at("deviation").template get<std::array<double, Preprocessing::most_channels>>();
  p.preprocessing.bgr = q.at("bgr").template get<bool>();
  image::check_picture_input("input", p);
  return p;
}

}  // namespace brindle::io::detail
