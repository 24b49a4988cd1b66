#pragma once

// Definitions of what torch_weights.hpp declares.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/torch_weights.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io::detail {

/// to's axis i is from's axis axes[i].
BRINDLE_INLINE void permute(TensorView<const float> from, TensorView<float> to, const std::vector<int>& axes) {
  const int rank = from.shape.rank();
  std::vector<std::int64_t> step(static_cast<std::size_t>(rank), 1);  // of from's axes
  for (int i = rank - 1; i > 0; --i)
    step[static_cast<std::size_t>(i - 1)] = step[static_cast<std::size_t>(i)] * from.shape[i];
  for (std::int64_t i = 0; i < to.size(); ++i) {
    std::int64_t rest = i, at = 0;
    for (int axis = rank - 1; axis >= 0; --axis) {
      at += rest % to.shape[axis] * step[static_cast<std::size_t>(axes[static_cast<std::size_t>(axis)])];
      rest /= to.shape[axis];
    }
    to.data[i] = from.data[at];
  }
}

/// How a tensor of a layer of this type has to be turned: axes as permute() takes them; empty: as it is.
BRINDLE_INLINE std::vector<int> torch_axes(const std::string& type, const std::string& parameter, int rank) {
  if (parameter != "weight") return {};
  if (rank == 4) return type == "DepthwiseConv2D" ? std::vector{2, 3, 0, 1} : std::vector{2, 3, 1, 0};
  if (rank == 2) return {1, 0};
  return {};
}

/// Keras's name of a parameter of PyTorch's.
BRINDLE_INLINE std::string torch_parameter(const std::string& type, const std::string& parameter) {
  const bool norm = type == "BatchNormalization" || type == "LayerNormalization";
  if (parameter == "weight") return norm ? "gamma" : "kernel";
  if (parameter == "bias") return norm ? "beta" : "bias";
  if (parameter == "running_mean") return "moving_mean";
  if (parameter == "running_var") return "moving_variance";
  return parameter;
}

BRINDLE_INLINE WeightFile torch_weights(const std::filesystem::path& path,
                                        const std::map<std::string, std::string>& names,
                                        const std::map<std::string, std::string>& types,
                                        const TorchWeightsOptions& options) {
  const auto file = std::make_shared<SafetensorsFile>(path);
  WeightFile weights{file->path(), {}};
  for (const auto& [tensor, entry] : file->entries()) {
    const std::size_t cut = std::min(tensor.rfind('.'), tensor.size());
    const std::string module = tensor.substr(0, cut);
    const std::string parameter = cut < tensor.size() ? tensor.substr(cut + 1) : std::string();
    if (parameter == "num_batches_tracked" ||
        std::find(options.leave.begin(), options.leave.end(), module) != options.leave.end())
      continue;
    const auto named = names.find(module);
    const std::string layer = named == names.end() ? module : named->second;
    const auto typed = types.find(layer);
    const std::string type = typed == types.end() ? std::string() : typed->second;
    auto stored = std::find_if(weights.layers.begin(), weights.layers.end(),
                               [&](const StoredLayer& other) { return other.name == layer; });
    if (stored == weights.layers.end()) stored = weights.layers.insert(stored, {layer, {}});
    const std::vector<int> axes = torch_axes(type, parameter, entry.shape.rank());
    std::vector<std::int64_t> sizes;
    for (const int axis : axes) sizes.push_back(entry.shape[axis]);
    stored->tensors.push_back({tensor, torch_parameter(type, parameter),
                               axes.empty() ? entry.shape : Shape(sizes.begin(), sizes.end()),
                               [file, name = tensor, axes](TensorView<float> to) {
                                 if (axes.empty()) return file->read_into<float>(name, to);
                                 const Tensor<float> read = file->read<float>(name);
                                 permute(read, to, axes);
                               }});
  }
  return weights;
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
void load_torch_weights(Model<T, Device>& model, const std::filesystem::path& path,
                        const std::map<std::string, std::string>& names, const TorchWeightsOptions& options) {
  std::map<std::string, std::string> types;
  for (const auto& layer : model.layers()) types[layer->name] = layer->type();
  load_weights(model, detail::torch_weights(path, names, types, options));
}

}  // namespace brindle::io
