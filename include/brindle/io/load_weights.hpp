// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "brindle/io/weight_file.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {
/// The weights of a safetensors file, whose tensors are named layer/parameter, layer/parameter:0 or layer.parameter.
WeightFile safetensors_weights(const std::filesystem::path& path);

/// The weights of a .npz file, whose arrays are named in the same ways and hold float32 or float64.
WeightFile npz_weights(const std::filesystem::path& path);

/// The weights of a file of any known format with Keras's names: .safetensors, .npz, and those of Keras, .h5,
/// .weights.h5 and .keras. Which one it is shows in the file itself. Throws FileError that begins with the path, also
/// for a file by PyTorch, whose axes a model's layers have to tell.
WeightFile weight_file(const std::filesystem::path& path);

/// Sets the weights of a model from a file of any known format; returns what was left, with options.skip_mismatch. Of a
/// file by torch.save (.pt, .pth) each module is the layer of its own name, see load_torch_weights.
/// Throws FileError that begins with the path; see load_weights(model, WeightFile).
template <class T, class Device>
std::vector<std::string> load_weights(Model<T, Device>& model, const std::filesystem::path& path,
                                      const LoadWeightsOptions& options = {});

}  // namespace brindle::io

namespace brindle::io::detail {

/// Adds a tensor that is named layer/parameter, layer/parameter:0 or layer.parameter. A parameter of another name than
/// Keras's stays one: it is that of a layer's own, or of nobody, and never taken by its place. Throws FileError for
/// PyTorch's "layer.weight", whose axes are others: a square one would fit, turned.
void add_named_tensor(WeightFile& weights, const std::string& name, const Shape& shape,
                      std::function<void(TensorView<float>)> read);

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/load_weights_inl.hpp"
#endif
