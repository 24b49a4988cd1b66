// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what pretrained_efficientnet_lite0.hpp declares.
#include <filesystem>
#include <map>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/models/base_weights.hpp"
#include "brindle/models/efficientnet_lite0.hpp"
#include "brindle/models/pretrained_efficientnet_lite0.hpp"

namespace brindle::models {

namespace detail {

/// The layers that the modules of the PyTorch package are.
BRINDLE_INLINE std::map<std::string, std::string> efficientnet_lite0_names() {
  std::map<std::string, std::string> names{{"_conv_stem", "stem_conv"},
                                           {"_bn0", "stem_bn"},
                                           {"_conv_head", "top_conv"},
                                           {"_bn1", "top_bn"},
                                           {"_fc", "predictions"}};
  int number = 0;
  for (int row = 0; row < 7; ++row)
    for (int i = 0; i < efficientnet_lite0_rows[row].repeats; ++i) {
      const std::string block = efficientnet_block(row, i), module = "_blocks." + std::to_string(number++) + "._";
      names[module + "expand_conv"] = block + "_expand_conv";
      names[module + "bn0"] = block + "_expand_bn";
      names[module + "depthwise_conv"] = block + "_dwconv";
      names[module + "bn1"] = block + "_bn";
      names[module + "project_conv"] = block + "_project_conv";
      names[module + "bn2"] = block + "_project_bn";
    }
  return names;
}

/// The layers that the modules of timm's tf_efficientnet_lite0 are.
BRINDLE_INLINE std::map<std::string, std::string> timm_efficientnet_lite0_names() {
  std::map<std::string, std::string> names{{"conv_stem", "stem_conv"},
                                           {"bn1", "stem_bn"},
                                           {"conv_head", "top_conv"},
                                           {"bn2", "top_bn"},
                                           {"classifier", "predictions"}};
  for (int row = 0; row < 7; ++row)
    for (int i = 0; i < efficientnet_lite0_rows[row].repeats; ++i) {
      const std::string to = efficientnet_block(row, i),
                        from = "blocks." + std::to_string(row) + "." + std::to_string(i) + ".";
      const bool expands = efficientnet_lite0_rows[row].expand > 1;
      if (expands) names[from + "conv_pw"] = to + "_expand_conv", names[from + "bn1"] = to + "_expand_bn";
      names[from + "conv_dw"] = to + "_dwconv";
      names[from + (expands ? "bn2" : "bn1")] = to + "_bn";
      names[from + (expands ? "conv_pwl" : "conv_pw")] = to + "_project_conv";
      names[from + (expands ? "bn3" : "bn2")] = to + "_project_bn";
    }
  return names;
}

}  // namespace detail

template <class T, class Device>
Model<T, Device> efficientnet_lite0(const Device& on, const std::filesystem::path& weights, const Shape& input,
                                    const EfficientNetLite0Options& options) {
  return detail::with_weights(efficientnet_lite0<T, Device>(on, input, options), weights,
                              {.function = "efficientnet_lite0",
                               .first = "stem_conv",
                               .top = "predictions",
                               .include_top = options.include_top,
                               .torch = {{"_conv_stem", detail::efficientnet_lite0_names()},
                                         {"conv_stem", detail::timm_efficientnet_lite0_names()}}});
}

template <class T, class Device>
Model<T, Device> efficientnet_lite0(const std::filesystem::path& weights, const Shape& input,
                                    const EfficientNetLite0Options& options) {
  return efficientnet_lite0<T, Device>(Device{}, weights, input, options);
}

}  // namespace brindle::models
