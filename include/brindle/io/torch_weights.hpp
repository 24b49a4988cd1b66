// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "brindle/io/weight_file.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

/// What of a file by PyTorch is meant.
struct TorchWeightsOptions {
  std::vector<std::string> leave = {};  ///< modules of the file that the model has not, and is not meant to have: "fc"
  /// The key that the state stands under in a larger dict (torch.save only); empty: see TorchFile.
  std::string state = {};
  /// Takes lines for the user: where in the file the state was found, and what else the file holds.
  std::function<void(const std::string&)> tell = {};
};

/// Sets the weights of a model from a file with the state of a PyTorch module: torch.save's (.pt, .pth), or
/// safetensors.
///
///     torch.save(model.state_dict(), "model.pt")
///
/// names: for each module of the file ("features.0"), the layer of the model that it is; a module that is not in them
/// is the layer of its own name. Convolutions go from (out, in / groups, rows, columns) to (rows, columns, in / groups,
/// out), those of a DepthwiseConv2D from (channels, 1, rows, columns) to (rows, columns, channels, 1), dense layers
/// from (out, in) to (in, out), and behind a Flatten of pictures with their inputs from (C, H, W) to (H, W, C); a
/// convolution that covers all of its picture may be a Dense behind a Flatten. weight, bias, running_mean and
/// running_var of a BatchNormalization are gamma, beta, moving_mean and moving_variance; num_batches_tracked is passed
/// over, and so is "module." or "_orig_mod." in front of all names.
///
/// Throws FileError that begins with the path and lists all that is missing, surplus or of another shape; the model is
/// then as it was.
template <class T, class Device>
void load_torch_weights(Model<T, Device>& model, const std::filesystem::path& path,
                        const std::map<std::string, std::string>& names, const TorchWeightsOptions& options = {});

namespace detail {

/// What of a model's layer decides how PyTorch orders its weights.
struct TorchLayer {
  std::string type;          ///< "Conv2D"
  Shape flattened = {};      ///< (H, W, C) that was made one row before the layer reads it; rank 0: none was
  std::string unclear = {};  ///< a layer before it that puts values in an order that PyTorch has not; empty: none
};

/// Of all layers with weights, by their names.
template <class T, class Device>
std::map<std::string, TorchLayer> torch_layers(const Model<T, Device>& model);

/// A tensor of a file by PyTorch.
struct TorchTensor {
  std::string name;                             ///< "features.0.weight"
  Shape shape;                                  ///< as the file has it
  std::function<void(TensorView<float>)> read;  ///< into a tensor of this shape
};

/// The tensors of a file by PyTorch, of either kind.
std::vector<TorchTensor> torch_tensors(const std::filesystem::path& path, const TorchWeightsOptions& options);

/// They in the terms of a model of these layers.
WeightFile torch_weights(const std::string& path, const std::vector<TorchTensor>& tensors,
                         const std::map<std::string, std::string>& names,
                         const std::map<std::string, TorchLayer>& layers, const TorchWeightsOptions& options);

}  // namespace detail

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/torch_weights_inl.hpp"
#endif
