// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what pretrained.hpp declares.
#include <filesystem>
#include <map>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/models/base_weights.hpp"
#include "brindle/models/pretrained.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models {

namespace detail {

/// The layers of torchvision's MobileNetV2 that the modules of timm's are.
BRINDLE_INLINE std::map<std::string, std::string> timm_mobilenet_v2_names() {
  std::map<std::string, std::string> names{{"conv_stem", "features.0.0"},
                                           {"bn1", "features.0.1"},
                                           {"conv_head", "features.18.0"},
                                           {"bn2", "features.18.1"},
                                           {"classifier", "classifier.1"}};
  constexpr int repeats[] = {1, 2, 3, 4, 3, 3, 1};
  int number = 1;
  for (int stage = 0; stage < 7; ++stage)
    for (int i = 0; i < repeats[stage]; ++i, ++number) {
      const std::string from = "blocks." + std::to_string(stage) + "." + std::to_string(i) + ".",
                        to = "features." + std::to_string(number) + ".conv.";
      const bool expands = stage > 0;
      if (expands) names[from + "conv_pw"] = to + "0.0", names[from + "bn1"] = to + "0.1";
      names[from + "conv_dw"] = to + (expands ? "1.0" : "0.0");
      names[from + (expands ? "bn2" : "bn1")] = to + (expands ? "1.1" : "0.1");
      names[from + (expands ? "conv_pwl" : "conv_pw")] = to + (expands ? "2" : "1");
      names[from + (expands ? "bn3" : "bn2")] = to + (expands ? "3" : "2");
    }
  return names;
}

}  // namespace detail

template <class T, class Device>
Model<T, Device> mobilenet_v1(const Device& on, const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV1Options& options) {
  return detail::with_weights(mobilenet_v1<T, Device>(on, input, options), weights,
                              {.function = "mobilenet_v1",
                               .first = "conv1",
                               .top = "conv_preds",
                               .width = ".alpha",
                               .include_top = options.include_top});
}

template <class T, class Device>
Model<T, Device> mobilenet_v1(const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV1Options& options) {
  return mobilenet_v1<T, Device>(Device{}, weights, input, options);
}

template <class T, class Device>
Model<T, Device> mobilenet_v2(const Device& on, const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV2Options& options) {
  const bool torch = options.variant == MobileNetV2Variant::torchvision;
  return detail::with_weights(
      mobilenet_v2<T, Device>(on, input, options), weights,
      torch ? detail::BaseWeights{.function = "mobilenet_v2",
                                  .first = "features.0.0",
                                  .top = "classifier.1",
                                  .width = ".alpha",
                                  .include_top = options.include_top,
                                  .torch = {{"features.0.0", {}}, {"conv_stem", detail::timm_mobilenet_v2_names()}},
                                  .other = ".variant = MobileNetV2Variant::keras",
                                  .other_first = "Conv1"}
            : detail::BaseWeights{.function = "mobilenet_v2",
                                  .first = "Conv1",
                                  .top = "predictions",
                                  .width = ".alpha",
                                  .include_top = options.include_top,
                                  .other = ".variant = MobileNetV2Variant::torchvision"});
}

template <class T, class Device>
Model<T, Device> mobilenet_v2(const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV2Options& options) {
  return mobilenet_v2<T, Device>(Device{}, weights, input, options);
}

template <class T, class Device>
Model<T, Device> squeezenet1_1(const Device& on, const std::filesystem::path& weights, const Shape& input,
                               const SqueezeNet1_1Options& options) {
  return detail::with_weights(squeezenet1_1<T, Device>(on, input, options), weights,
                              {.function = "squeezenet1_1",
                               .first = "features.0",
                               .top = "classifier.1",
                               .include_top = options.include_top,
                               .torch = {{"features.0", {}}}});
}

template <class T, class Device>
Model<T, Device> squeezenet1_1(const std::filesystem::path& weights, const Shape& input,
                               const SqueezeNet1_1Options& options) {
  return squeezenet1_1<T, Device>(Device{}, weights, input, options);
}

template <class T, class Device>
Model<T, Device> resnet18(const Device& on, const std::filesystem::path& weights, const Shape& input,
                          const ResNet18Options& options) {
  return detail::with_weights(resnet18<T, Device>(on, input, options), weights,
                              {.function = "resnet18",
                               .first = "conv1",
                               .top = "fc",
                               .width = ".width",
                               .include_top = options.include_top,
                               .torch = {{"conv1", {}}}});
}

template <class T, class Device>
Model<T, Device> resnet18(const std::filesystem::path& weights, const Shape& input, const ResNet18Options& options) {
  return resnet18<T, Device>(Device{}, weights, input, options);
}

template <class T, class Device>
Model<T, Device> resnet50(const Device& on, const std::filesystem::path& weights, const Shape& input,
                          const ResNet50Options& options) {
  const bool torch = options.variant == ResNetVariant::torchvision;
  return detail::with_weights(resnet50<T, Device>(on, input, options), weights,
                              torch ? detail::BaseWeights{.function = "resnet50",
                                                          .first = "conv1",
                                                          .top = "fc",
                                                          .width = ".width",
                                                          .include_top = options.include_top,
                                                          .torch = {{"conv1", {}}},
                                                          .other = ".variant = ResNetVariant::keras",
                                                          .other_first = "conv1_conv"}
                                    : detail::BaseWeights{.function = "resnet50",
                                                          .first = "conv1_conv",
                                                          .top = "predictions",
                                                          .width = ".width",
                                                          .include_top = options.include_top,
                                                          .other = ".variant = ResNetVariant::torchvision"});
}

template <class T, class Device>
Model<T, Device> resnet50(const std::filesystem::path& weights, const Shape& input, const ResNet50Options& options) {
  return resnet50<T, Device>(Device{}, weights, input, options);
}

}  // namespace brindle::models
