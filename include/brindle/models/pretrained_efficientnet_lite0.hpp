// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "brindle/models/efficientnet_lite0.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models {

/// With weights from a file by PyTorch (.pt, .pth, safetensors): of the package efficientnet-lite-pytorch
/// ("_blocks.0._bn1.weight"), or of timm's tf_efficientnet_lite0 ("blocks.0.0.bn1.weight"), whose names
/// timm's efficientnet_lite0 has as well: that is another network (other zeros around pictures, another epsilon), and
/// nothing in a file tells which it is of. Reads what brindle saved, too. Throws FileError that lists what is missing
/// or surplus.
/// @{
template <class T, class Device = Cpu>
Model<T, Device> efficientnet_lite0(const Device& on, const std::filesystem::path& weights, const Shape& input,
                                    const EfficientNetLite0Options& options = {});
template <class T, class Device = Cpu>
Model<T, Device> efficientnet_lite0(const std::filesystem::path& weights, const Shape& input,
                                    const EfficientNetLite0Options& options = {});
/// @}

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/pretrained_efficientnet_lite0_inl.hpp"
#endif
