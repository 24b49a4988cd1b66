#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "brindle/nn/model.hpp"

namespace brindle::models {

struct EfficientNetLite0Options {
  bool include_top = false;     ///< the dense layer "predictions" with softmax
  std::int64_t classes = 1000;  ///< of the top
  double dropout = 0.2;         ///< in front of the top
};

/// EfficientNet-Lite0: 16 inverted residual blocks with ReLU6 and without squeeze-and-excitation, layers named as
/// Keras names those of EfficientNetB0 (block2a_expand_conv).
///
///     x (N, H, W, 3), pictures as (level - 127) / 128  ->  (N, 1280), the mean over positions; with its top (N,
///     classes)
///
/// 3,413,024 parameters (42,016 of them moving averages), with its top 4,694,024; 0.78 billion operations at 224x224.
/// The weights are random. M. Tan, Q. Le, arXiv:1905.11946; github.com/tensorflow/tpu, efficientnet/lite.
template <class T, class Device = Cpu>
requires requires { Device::name; }
Model<T, Device> efficientnet_lite0(const Device& on, const Shape& input, const EfficientNetLite0Options& options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> efficientnet_lite0(const Shape& input, const EfficientNetLite0Options& options = {});

/// With weights from a safetensors file of the PyTorch package efficientnet-lite-pytorch ("_blocks.0._bn1.weight").
/// Throws FileError that lists what is missing or surplus.
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
#include "brindle/models/efficientnet_lite0_inl.hpp"
#endif
