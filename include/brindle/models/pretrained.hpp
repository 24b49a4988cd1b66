// SPDX-License-Identifier: MIT
#pragma once

// Bases with the weights of a file: those of this header, VGG16 and EfficientNet-Lite0.
#include <filesystem>

#include "brindle/models/mobilenet_v1.hpp"
#include "brindle/models/mobilenet_v2.hpp"
#include "brindle/models/pretrained_efficientnet_lite0.hpp"
#include "brindle/models/pretrained_vgg16.hpp"
#include "brindle/models/resnet.hpp"
#include "brindle/models/squeezenet1_1.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models {

/// A base with the weights of a file.
///
///     auto base = models::mobilenet_v2<float>("mobilenet_v2.h5", {160, 160, 3});
///
/// MobileNets and ResNet50 take the files of Keras, in the formats of io::load_weights; SqueezeNet, ResNet18 and
/// torchvision's variants of MobileNetV2 and ResNet50 files by PyTorch (.pt, .pth, safetensors) with torchvision's
/// names or timm's. All take those that brindle saved. A file's top is left where the options ask for none. Throws
/// FileError that begins with the path: no such file; weights for other channels, widths or classes, or by another
/// house; or the tensors that are missing, surplus or of another shape. Throws besides what the function without a file
/// throws for the input and the options.
/// @{
template <class T, class Device = Cpu>
Model<T, Device> mobilenet_v1(const Device& on, const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV1Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> mobilenet_v1(const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV1Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> mobilenet_v2(const Device& on, const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV2Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> mobilenet_v2(const std::filesystem::path& weights, const Shape& input,
                              const MobileNetV2Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> squeezenet1_1(const Device& on, const std::filesystem::path& weights, const Shape& input,
                               const SqueezeNet1_1Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> squeezenet1_1(const std::filesystem::path& weights, const Shape& input,
                               const SqueezeNet1_1Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> resnet18(const Device& on, const std::filesystem::path& weights, const Shape& input,
                          const ResNet18Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> resnet18(const std::filesystem::path& weights, const Shape& input,
                          const ResNet18Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> resnet50(const Device& on, const std::filesystem::path& weights, const Shape& input,
                          const ResNet50Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> resnet50(const std::filesystem::path& weights, const Shape& input,
                          const ResNet50Options& options = {});
/// @}

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/pretrained_inl.hpp"
#endif
