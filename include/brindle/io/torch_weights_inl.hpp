// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what torch_weights.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/torch_file.hpp"
#include "brindle/io/torch_weights.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/io/weight_format.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io::detail {

/// How a tensor has to be turned: seen as of shape `from`, its axis axes[i] becomes axis i. No axes: it stays as it is.
struct TorchTurn {
  Shape from = {};
  std::vector<int> axes = {};
  Shape to = {};  ///< the model's
};

/// to's axis i, in row-major order, is axis axes[i] of from.
BRINDLE_INLINE void permute(TensorView<const float> from, float* to, const std::vector<int>& axes) {
  const int rank = from.shape.rank();
  std::vector<std::int64_t> step(static_cast<std::size_t>(rank), 1);  // of from's axes
  for (int i = rank - 1; i > 0; --i)
    step[static_cast<std::size_t>(i - 1)] = step[static_cast<std::size_t>(i)] * from.shape[i];
  for (std::int64_t i = 0; i < from.size(); ++i) {
    std::int64_t rest = i, at = 0;
    for (int axis = rank - 1; axis >= 0; --axis) {
      const int own = axes[static_cast<std::size_t>(axis)];
      at += rest % from.shape[own] * step[static_cast<std::size_t>(own)];
      rest /= from.shape[own];
    }
    to[i] = from.data[at];
  }
}

BRINDLE_INLINE TorchTurn torch_turn(const TorchLayer& layer, const std::string& parameter, const Shape& s) {
  const Shape& f = layer.flattened;
  const std::int64_t flat = f.rank() == 3 ? f.size() : 0;
  if (s.rank() == 1 && flat > 0 && layer.type != "Dense" && s[0] == flat) return {{f[2], f[0], f[1]}, {1, 2, 0}, s};
  if (parameter != "weight") return {};
  if (s.rank() == 4 && layer.type == "DepthwiseConv2D") return {s, {2, 3, 0, 1}, {s[2], s[3], s[0], s[1]}};
  if (s.rank() == 4 && layer.type == "Dense") return {s, {2, 3, 1, 0}, {s[2] * s[3] * s[1], s[0]}};
  if (s.rank() == 4) return {s, {2, 3, 1, 0}, {s[2], s[3], s[1], s[0]}};
  if (s.rank() == 2 && flat > 0 && s[1] == flat) return {{s[0], f[2], f[0], f[1]}, {2, 3, 1, 0}, {s[1], s[0]}};
  if (s.rank() == 2) return {s, {1, 0}, {s[1], s[0]}};
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

BRINDLE_INLINE std::vector<TorchTensor> torch_tensors(const std::filesystem::path& path,
                                                      const TorchWeightsOptions& options) {
  const WeightFormat format = weight_format(path);
  std::vector<TorchTensor> all;
  const auto tell = [&](const std::string& line) {
    if (options.tell) options.tell(path.string() + ": " + line);
  };
  if (format == WeightFormat::pt) {
    const auto file = std::make_shared<const TorchFile>(path, options.state);
    for (const auto& [name, entry] : file->entries())
      all.push_back({name, entry.shape, [file, n = name](TensorView<float> to) { file->read_into(n, to); }});
    std::string others;
    for (std::size_t i = 0; i < file->others().size() && i < 20; ++i)
      others += (i ? ", \"" : "\"") + file->others()[i] + "\"";
    if (file->others().size() > 20) others += ", ...";
    if (!file->state().empty()) tell("the weights are those that stand under \"" + file->state() + "\"");
    if (!others.empty()) tell("passed over: " + others);
  } else if (format == WeightFormat::safetensors) {
    if (!options.state.empty())
      brindle::detail::raise<FileError>(path.string() + ": a safetensors file has no dict \"" + options.state +
                                        "\" inside it; leave .state empty");
    const auto file = std::make_shared<SafetensorsFile>(path);
    for (const auto& [name, entry] : file->entries())
      all.push_back({name, entry.shape, [file, n = name](TensorView<float> to) { file->read_into<float>(n, to); }});
  } else {
    brindle::detail::raise<FileError>(path.string() + ": is no file by PyTorch, expected .pt, .pth or .safetensors");
  }
  // Of a module inside DataParallel, and of one that torch.compile made.
  for (const std::string prefix : {"_orig_mod.", "module."}) {
    const auto has = [&](const TorchTensor& t) { return t.name.starts_with(prefix); };
    if (all.empty() || !std::all_of(all.begin(), all.end(), has)) continue;
    for (TorchTensor& tensor : all) tensor.name.erase(0, prefix.size());
    tell("all names begin with \"" + prefix + "\", which is passed over");
  }
  return all;
}

BRINDLE_INLINE WeightFile torch_weights(const std::string& path, const std::vector<TorchTensor>& tensors,
                                        const std::map<std::string, std::string>& names,
                                        const std::map<std::string, TorchLayer>& layers,
                                        const TorchWeightsOptions& options) {
  WeightFile weights{path, {}};
  std::map<std::string, std::size_t> places;
  for (const TorchTensor& tensor : tensors) {
    const std::size_t cut = std::min(tensor.name.rfind('.'), tensor.name.size());
    const std::string module = tensor.name.substr(0, cut);
    const std::string parameter = cut < tensor.name.size() ? tensor.name.substr(cut + 1) : std::string("?");
    if (parameter == "num_batches_tracked" ||
        std::find(options.leave.begin(), options.leave.end(), module) != options.leave.end())
      continue;
    const auto named = names.find(module);
    const std::string layer = named == names.end() ? module : named->second;
    const auto known = layers.find(layer);
    const TorchLayer of = known == layers.end() ? TorchLayer{} : known->second;
    if (!of.unclear.empty())
      brindle::detail::raise<FileError>(
          path + ": tensor \"" + tensor.name + "\" is of layer \"" + layer + "\", which reads what " + of.unclear +
          " puts in another order than PyTorch does; turn its weights to (rows, columns, channels) and name it by " +
          "Keras's names: \"" + layer + "/kernel\"");
    const auto [place, added] = places.emplace(layer, weights.layers.size());
    if (added) weights.layers.push_back({layer, {}});
    const TorchTurn turn = torch_turn(of, parameter, tensor.shape);
    weights.layers[place->second].tensors.push_back(
        {tensor.name, torch_parameter(of.type, parameter), turn.axes.empty() ? tensor.shape : turn.to,
         turn.axes.empty() ? tensor.read : [read = tensor.read, shape = tensor.shape, turn](TensorView<float> to) {
           const Tensor<float> whole = [&] {
             Tensor<float> t = Tensor<float>::uninitialized(shape);
             read(t.view());
             return t;
           }();
           permute({whole.data(), turn.from}, to.data, turn.axes);
         }});
  }
  return weights;
}

template <class T, class Device>
std::map<std::string, TorchLayer> torch_layers(const Model<T, Device>& model) {
  // Of each value of the graph, 0 being the model's input.
  std::vector<TorchLayer> orders{{"", {}, {}}};
  std::map<std::string, TorchLayer> found;
  const auto is_one_of = [](const std::string& type, std::initializer_list<const char*> types) {
    return std::any_of(types.begin(), types.end(), [&](const char* known) { return type == known; });
  };
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const std::string type = model.layers()[i]->type(), who = model.layers()[i]->who();
    TorchLayer in = orders[model.inputs(i)[0]];
    bool alike = true;
    for (const std::size_t input : model.inputs(i)) {
      const TorchLayer& other = orders[input];
      alike = alike && other.flattened == in.flattened;
      if (in.unclear.empty()) in.unclear = other.unclear;
    }
    const bool ordered = in.flattened.rank() == 3;
    in.type = type;
    if (!model.layers()[i]->parameters().empty()) found[model.layers()[i]->name] = in;
    const Shape &x = model.graph().value_shape(model.inputs(i)[0]), &y = model.output_shape(i);
    TorchLayer out{"", in.flattened, in.unclear};
    if (is_one_of(type, {"Flatten", "Reshape"})) {
      const auto is_row = [](const Shape& s) { return std::count(s.begin(), s.end(), s.size()) > 0; };
      if (x.rank() == 3 && y.rank() == 1) {
        if (x[0] * x[1] > 1 && x[2] > 1) out.flattened = x;
      } else if (!(x == y) && (ordered || !is_row(x) || !is_row(y)) && out.unclear.empty()) {
        out.unclear = who;
      }
    } else if (is_one_of(type, {"Dense", "Conv2D", "DepthwiseConv2D", "SeparableConv2D"})) {
      if (type == "Dense") out.flattened = {};
    } else if (is_one_of(type, {"Concatenate", "Add", "Multiply"})) {
      bool any = false;
      for (const std::size_t input : model.inputs(i)) any = any || orders[input].flattened.rank() == 3;
      if (any && (!alike || type == "Concatenate") && out.unclear.empty()) out.unclear = who;
    } else if (ordered && !is_one_of(type, {"Dropout", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Rescaling",
                                            "BatchNormalization", "LayerNormalization"})) {
      if (out.unclear.empty()) out.unclear = who;
    }
    orders.push_back(std::move(out));
  }
  return found;
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
void load_torch_weights(Model<T, Device>& model, const std::filesystem::path& path,
                        const std::map<std::string, std::string>& names, const TorchWeightsOptions& options) {
  load_weights(model, detail::torch_weights(path.string(), detail::torch_tensors(path, options), names,
                                            detail::torch_layers(model), options));
}

}  // namespace brindle::io
