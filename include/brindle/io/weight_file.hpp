#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/sequential.hpp"

namespace brindle::io {

/// The weights of one layer in a file, in the order in which the file stores them.
struct StoredTensor {
  std::string name;       ///< as the file has it: "block1_conv1/block1_conv1_W_1:0"
  std::string parameter;  ///< "kernel" or "bias"; empty where the file tells by order alone
  Shape shape;            ///< as the file has it
  std::function<void(TensorView<float>)> read;  ///< into a tensor of this shape
};

struct StoredLayer {
  std::string name;  ///< empty where the file only counts its layers, by `key`
  std::vector<StoredTensor> tensors;  ///< in the file's order
  std::string group = {};  ///< the nested model that the layer stands in: "model_1", "layers/functional"; else empty
  std::string key = {};    ///< Keras 3's kind and number within its model, "conv2d_1"; else empty
};

/// Weights of a file, whatever its format.
struct WeightFile {
  std::string path;                 ///< for messages
  std::vector<StoredLayer> layers;  ///< in the file's order
};

namespace detail {

/// "kernel" of "kernel:0", "kernel_1:0", "block1_conv1_W_1:0" or "weight"; empty for a name that says nothing.
inline std::string parameter_of(std::string name) {
  name = name.substr(0, name.find(':'));
  // TensorFlow counts names that it has seen before.
  for (const char* known : {"kernel_", "bias_"})
    if (name.rfind(known, 0) == 0 &&
        name.find_first_not_of("0123456789", std::string(known).size()) == std::string::npos)
      name.resize(std::string(known).size() - 1);
  const auto ends = [&](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  if (ends("kernel") || ends("_W") || ends("_W_1") || name == "weight") return "kernel";
  if (ends("bias") || ends("_b") || ends("_b_1")) return "bias";
  return {};
}

}  // namespace detail

/// Sets the weights of a model's layers from a file: tensors are matched by the names of layer and parameter (by the
/// file's order where it names no parameter), never by shape. Layers without parameters need none.
///
/// Throws FileError that begins with the path and lists everything that is missing, surplus or of another shape; the
/// model is then as it was.
template <class T, class Device>
void load_weights(Sequential<T, Device>& model, const WeightFile& file) {
  std::string problems;
  int count = 0;
  const auto problem = [&](const std::string& what) {
    if (++count <= 20) problems.append("\n  ").append(what);
  };
  std::vector<std::pair<const StoredTensor*, Parameter<T, Device>*>> found;
  std::vector<const StoredLayer*> used;
  for (const auto& layer : model.layers()) {
    if (layer->parameters().empty()) continue;
    const StoredLayer* stored = nullptr;
    for (const StoredLayer& candidate : file.layers)
      if (candidate.name == layer->name) stored = &candidate;
    if (!stored) {
      problem("missing: layer \"" + layer->name + "\"");
      continue;
    }
    used.push_back(stored);
    for (std::size_t p = 0; p < layer->parameters().size(); ++p) {
      auto& parameter = layer->parameters()[p];
      const StoredTensor* tensor = nullptr;
      for (std::size_t k = 0; k < stored->tensors.size(); ++k)
        if (stored->tensors[k].parameter.empty() ? k == p : stored->tensors[k].parameter == parameter.name)
          tensor = &stored->tensors[k];
      if (!tensor) {
        problem("missing: \"" + parameter.name + "\" of layer \"" + layer->name + "\"");
      } else if (!(tensor->shape == parameter.value.shape())) {
        problem("shape: \"" + tensor->name + "\" is " + to_string(tensor->shape) + ", layer \"" + layer->name +
                "\" needs " + to_string(parameter.value.shape()));
      } else {
        found.emplace_back(tensor, &parameter);
      }
    }
    if (stored->tensors.size() > layer->parameters().size())
      problem("surplus: layer \"" + layer->name + "\" has " + std::to_string(stored->tensors.size()) +
              " tensors in the file, " + std::to_string(layer->parameters().size()) + " in the model");
  }
  for (const StoredLayer& stored : file.layers) {
    bool known = stored.tensors.empty();
    for (const StoredLayer* u : used) known = known || u == &stored;
    if (!known) problem("surplus: layer \"" + stored.name + "\"");
  }
  if (count > 20) problems.append("\n  and ").append(std::to_string(count - 20)).append(" more");
  if (count > 0) brindle::detail::raise<FileError>(file.path + ": its weights do not fit the model:" + problems);

  std::vector<Tensor<float>> read;  // all of them before the first weight changes
  for (const auto& [tensor, parameter] : found) {
    read.push_back(Tensor<float>::uninitialized(tensor->shape));
    tensor->read(read.back().view());
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    Tensor<T, Device>& value = found[i].second->value;
    if constexpr (std::is_same_v<T, float> && std::is_same_v<Device, Cpu>) {
      value = std::move(read[i]);
    } else {
      Tensor<T> converted = Tensor<T>::uninitialized(value.shape());
      for (std::int64_t k = 0; k < value.size(); ++k) converted[k] = static_cast<T>(read[i][k]);
      copy_between_devices<T, Cpu, Device>(converted.view(), value.view());
    }
  }
}

}  // namespace brindle::io
