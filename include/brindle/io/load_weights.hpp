#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "brindle/io/weight_file.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {
namespace detail {

enum class WeightFormat { safetensors, npz, hdf5, keras };

/// By what a file begins with, and what it contains. Throws FileError for a file of another kind, or none.
WeightFormat weight_format(const std::filesystem::path& path);

}  // namespace detail

/// The weights of a safetensors file, whose tensors are named layer/parameter, layer/parameter:0 or layer.parameter.
WeightFile safetensors_weights(const std::filesystem::path& path);

/// The weights of a .npz file, whose arrays are named in the same ways and hold float32 or float64.
WeightFile npz_weights(const std::filesystem::path& path);

/// The weights of a file of any known format: .safetensors, .npz, and those of Keras, .h5, .weights.h5 and .keras.
/// Which one it is shows in the file itself. Throws FileError that begins with the path.
WeightFile weight_file(const std::filesystem::path& path);

/// Sets the weights of a model from a file of any known format; returns what was left, with options.skip_mismatch.
/// Throws FileError that begins with the path; see load_weights(model, WeightFile).
template <class T, class Device>
std::vector<std::string> load_weights(Model<T, Device>& model, const std::filesystem::path& path,
                                      const LoadWeightsOptions& options = {});

}  // namespace brindle::io

namespace brindle::io::detail {

/// Adds a tensor that is named layer/parameter, layer/parameter:0 or layer.parameter. Throws FileError for PyTorch's
/// "layer.weight", whose axes are others: a square one would fit, turned.
void add_named_tensor(WeightFile& weights, const std::string& name, const Shape& shape,
                      std::function<void(TensorView<float>)> read);

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/load_weights_inl.hpp"
#endif
