// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "brindle/models/vgg16.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models {
/// VGG16 with the weights of a file, as Keras publishes them for ImageNet; see io::load_weights for the formats.
///
///     auto base = models::vgg16<float>("vgg16_notop.h5", {150, 150, 3});
///
/// Keras's weights were trained on pictures prepared as Preprocessing::caffe. With .variant = VGG16Variant::torchvision
/// files by PyTorch (.pt, .pth, safetensors) with the names of torchvision's vgg16 or timm's are read, which were
/// trained on pictures as Preprocessing::imagenet_mean_std; of them a top is left that the options do not ask for.
/// Throws FileError that begins with the path: no such file; weights by the other house, for other channels, picture
/// sizes or classes; or tensors that are missing, surplus or of another shape, as those of a file of Keras with the top
/// are without options.include_top.
template <class T, class Device = Cpu>
Model<T, Device> vgg16(const Device& on, const std::filesystem::path& weights, const Shape& input,
                       VGG16Options options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> vgg16(const std::filesystem::path& weights, const Shape& input, const VGG16Options& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/pretrained_vgg16_inl.hpp"
#endif
