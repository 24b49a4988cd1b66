// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/io/torch_weights.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models::detail {

/// The names that a house gives the modules of a base in PyTorch.
struct TorchHouse {
  std::string first;                         ///< the module of its first convolution
  std::map<std::string, std::string> names;  ///< the layer of the base that each module is; none: its own name
};

/// What a file of weights of a base is compared with.
struct BaseWeights {
  std::string function;                ///< that makes the base, for messages
  std::string first;                   ///< its first convolution
  std::string top;                     ///< the layer of its top that has weights
  std::string width = {};              ///< the option that makes the base wider; empty: it has none
  bool include_top = false;            ///< as asked for
  std::vector<TorchHouse> torch = {};  ///< whose files by PyTorch are read; none: nobody's
  std::string other = {};              ///< what to ask for, where the file is by the other house
  std::string other_first = {};        ///< the first convolution of Keras's house, where `torch` is asked for
};

/// Throws FileError, the path first, where the file's first convolution reads pictures of other channels than `input`.
/// kernel: (rows, columns, channels, filters).
void check_base_channels(const std::string& path, const std::string& function, const Shape& kernel, const Shape& input);

/// Throws FileError where the file's top has other classes than those asked for.
void check_base_classes(const std::string& who, std::int64_t in_file, std::int64_t asked);

/// The tensor of that many axes of a file's layer; null: it has none.
const Shape* stored_kernel(const io::WeightFile& file, const std::string& layer, int rank);

/// The weights of a file in the layouts of a model with these layers, by their names. Throws FileError where the file
/// is by another house.
io::WeightFile base_weight_file(const std::filesystem::path& path,
                                const std::map<std::string, io::detail::TorchLayer>& layers, const BaseWeights& base);

/// Leaves the file's top where the base has none. Throws FileError where the options ask for another network than the
/// file's weights are of: what the file has, what was asked for, what to do. first and top: the model's kernels, that
/// of the top not looked at without one. What else does not fit is said by load_weights.
void fit_base_file(io::WeightFile& file, const BaseWeights& base, const Shape& input, const Shape& first,
                   const Shape& top);

/// The model with the weights of a file.
template <class T, class Device>
Model<T, Device> with_weights(Model<T, Device> model, const std::filesystem::path& path, const BaseWeights& base);

}  // namespace brindle::models::detail

#ifndef BRINDLE_COMPILED
#include "brindle/models/base_weights_inl.hpp"
#endif
