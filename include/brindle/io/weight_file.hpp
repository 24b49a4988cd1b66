// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

/// The weights of one layer in a file, in the order in which the file stores them.
struct StoredTensor {
  std::string name;       ///< as the file has it: "block1_conv1/block1_conv1_W_1:0"
  std::string parameter;  ///< "kernel", "bias", "gamma"; empty where the file tells by order alone
  Shape shape;            ///< as the file has it
  std::function<void(TensorView<float>)> read;  ///< into a tensor of this shape
};

struct StoredLayer {
  std::string name;                   ///< empty where the file only counts its layers, by `key`
  std::vector<StoredTensor> tensors;  ///< in the file's order
  std::string group = {};  ///< the nested model that the layer stands in: "model_1", "layers/functional"; else empty
  std::string key = {};    ///< Keras 3's kind and number within its model, "conv2d_1"; else empty
  std::string path = {};   ///< by the model's configuration, where the file has it: "wrapper/inner/conv2d_1"
  std::string scope = {};  ///< of a nested model's layer in formats before Keras 3: all in front of the weight's name

  /// What messages call it.
  std::string shown() const;

  /// Whether a model's layer of this name is meant: by its whole path, or by its own name alone.
  bool is(const std::string& layer) const;
};

/// Weights of a file, whatever its format.
struct WeightFile {
  std::string path;                     ///< for messages
  std::vector<StoredLayer> layers;      ///< in the file's order
  std::vector<std::string> paths = {};  ///< of the model's layers, for messages; empty: their names
};

/// How strictly weights have to fit.
struct LoadWeightsOptions {
  bool skip_mismatch = false;  ///< take the layers that fit; those that do not are left as they are, and told
};

namespace detail {

/// "kernel" of "kernel:0", "kernel_1:0" or "block1_conv1_W_1:0"; empty for a name that says nothing.
std::string parameter_of(std::string name);

/// What a user may want where the layers of file and model are not the same.
std::string advice(const std::vector<std::string>& missing, const std::vector<std::string>& surplus);

}  // namespace detail

/// Sets the weights of a model's layers from a file: tensors are matched by the names of layer and parameter (by the
/// file's order where it names no parameter), never by shape. Layers without parameters need none.
///
/// Returns what was left because it does not fit, with options.skip_mismatch: "missing: layer \"fc1\"". Without it,
/// throws FileError that begins with the path and lists everything that is missing, surplus or of another shape; the
/// model is then as it was. Throws FileError as well if no layer fits.
template <class T, class Device>
std::vector<std::string> load_weights(Model<T, Device>& model, const WeightFile& file,
                                      const LoadWeightsOptions& options = {});

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/weight_file_inl.hpp"
#endif
