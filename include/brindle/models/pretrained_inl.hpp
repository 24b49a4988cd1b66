#pragma once

// Definitions of what pretrained.hpp declares.
#include <filesystem>

#include "brindle/core/inline.hpp"
#include "brindle/models/base_weights.hpp"
#include "brindle/models/pretrained.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models {

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
  return detail::with_weights(mobilenet_v2<T, Device>(on, input, options), weights,
                              {.function = "mobilenet_v2",
                               .first = "Conv1",
                               .top = "predictions",
                               .width = ".alpha",
                               .include_top = options.include_top});
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
                               .torch = true});
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
                               .torch = true});
}

template <class T, class Device>
Model<T, Device> resnet18(const std::filesystem::path& weights, const Shape& input, const ResNet18Options& options) {
  return resnet18<T, Device>(Device{}, weights, input, options);
}

template <class T, class Device>
Model<T, Device> resnet50(const Device& on, const std::filesystem::path& weights, const Shape& input,
                          const ResNet50Options& options) {
  const bool torch = options.variant == ResNetVariant::torchvision;
  return detail::with_weights(
      resnet50<T, Device>(on, input, options), weights,
      {.function = "resnet50",
       .first = torch ? "conv1" : "conv1_conv",
       .top = torch ? "fc" : "predictions",
       .width = ".width",
       .include_top = options.include_top,
       .torch = torch,
       .other = torch ? ".variant = ResNetVariant::keras" : ".variant = ResNetVariant::torchvision"});
}

template <class T, class Device>
Model<T, Device> resnet50(const std::filesystem::path& weights, const Shape& input, const ResNet50Options& options) {
  return resnet50<T, Device>(Device{}, weights, input, options);
}

}  // namespace brindle::models
