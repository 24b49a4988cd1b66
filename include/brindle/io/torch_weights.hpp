#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "brindle/io/weight_file.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

/// What of a file by PyTorch is meant.
struct TorchWeightsOptions {
  std::vector<std::string> leave = {};  ///< modules of the file that the model has not, and is not meant to have: "fc"
};

/// Sets the weights of a model from a safetensors file with the state of a PyTorch module.
///
/// names: for each module of the file ("features.0"), the layer of the model that it is. Convolutions go from
/// (out, in / groups, rows, columns) to (rows, columns, in / groups, out), those of a DepthwiseConv2D from
/// (channels, 1, rows, columns) to (rows, columns, channels, 1), dense layers from (out, in) to (in, out); weight,
/// bias, running_mean and running_var of a BatchNormalization are gamma, beta, moving_mean and moving_variance;
/// num_batches_tracked is passed over.
///
/// Throws FileError that begins with the path and lists all that is missing, surplus or of another shape; the model is
/// then as it was.
template <class T, class Device>
void load_torch_weights(Model<T, Device>& model, const std::filesystem::path& path,
                        const std::map<std::string, std::string>& names, const TorchWeightsOptions& options = {});

namespace detail {

/// The weights of a file by PyTorch in the terms of a model, whose layers' types are found by their names.
WeightFile torch_weights(const std::filesystem::path& path, const std::map<std::string, std::string>& names,
                         const std::map<std::string, std::string>& types, const TorchWeightsOptions& options);

}  // namespace detail

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/torch_weights_inl.hpp"
#endif
