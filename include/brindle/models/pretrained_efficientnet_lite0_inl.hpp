#pragma once

// Definitions of what pretrained_efficientnet_lite0.hpp declares.
#include <filesystem>
#include <map>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/io/torch_weights.hpp"
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

}  // namespace detail

template <class T, class Device>
Model<T, Device> efficientnet_lite0(const Device& on, const std::filesystem::path& weights, const Shape& input,
                                    const EfficientNetLite0Options& options) {
  auto model = efficientnet_lite0<T, Device>(on, input, options);
  io::TorchWeightsOptions of_file;
  if (!options.include_top) of_file.leave = {"_fc"};
  io::load_torch_weights(model, weights, detail::efficientnet_lite0_names(), of_file);
  return model;
}

template <class T, class Device>
Model<T, Device> efficientnet_lite0(const std::filesystem::path& weights, const Shape& input,
                                    const EfficientNetLite0Options& options) {
  return efficientnet_lite0<T, Device>(Device{}, weights, input, options);
}

}  // namespace brindle::models
