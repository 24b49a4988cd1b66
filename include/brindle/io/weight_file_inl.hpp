// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what weight_file.hpp declares.
#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io {

BRINDLE_INLINE std::string StoredLayer::shown() const {
  if (!path.empty()) return path;
  const std::string own = name.empty() ? key : name;
  return group.empty() || own.starts_with(group + "/") ? own : group + "/" + own;
}

BRINDLE_INLINE bool StoredLayer::is(const std::string& layer) const {
  return layer == path || (name.empty() ? path.ends_with("/" + layer) : layer == name);
}

}  // namespace brindle::io

namespace brindle::io::detail {

BRINDLE_INLINE std::string parameter_of(std::string name) {
  name = name.substr(0, name.find(':'));
  // TensorFlow counts names that it has seen before.
  for (const char* known : {"kernel_", "bias_", "depthwise_kernel_", "pointwise_kernel_", "gamma_", "beta_",
                            "moving_mean_", "moving_variance_"})
    if (name.rfind(known, 0) == 0 &&
        name.find_first_not_of("0123456789", std::string(known).size()) == std::string::npos)
      name.resize(std::string(known).size() - 1);
  const auto ends = [&](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  for (const char* own : {"depthwise_kernel", "pointwise_kernel", "gamma", "beta", "moving_mean", "moving_variance"})
    if (ends(own)) return own;
  if (ends("kernel") || ends("_W") || ends("_W_1")) return "kernel";
  if (ends("bias") || ends("_b") || ends("_b_1")) return "bias";
  return {};
}

/// Whether a file's name of a parameter is that of a layer's: Keras 2 calls the kernel of a DepthwiseConv2D
/// "depthwise_kernel", as both call one of a SeparableConv2D's.
BRINDLE_INLINE bool names_parameter(const std::string& stored, const std::string& parameter) {
  return stored == parameter || (parameter == "kernel" && stored == "depthwise_kernel");
}

/// The layer of the file that a model's layer of this name is; null: none. Throws FileError if there are several.
BRINDLE_INLINE const StoredLayer* stored_layer_of(const WeightFile& file, const std::string& layer) {
  const StoredLayer* found = nullptr;
  for (const StoredLayer& stored : file.layers)
    if (stored.path == layer) return &stored;
  for (const StoredLayer& stored : file.layers) {
    if (!stored.is(layer)) continue;
    if (found != nullptr)
      brindle::detail::raise<FileError>(file.path + ": layer \"" + layer + "\" may be \"" + found->shown() +
                                        "\" or \"" + stored.shown() +
                                        "\" of the file; name the model's layers by their whole paths");
    found = &stored;
  }
  return found;
}

/// Whether a layer is of the top of a network that was trained on ImageNet, by the names of Keras, torchvision and
/// timm.
BRINDLE_INLINE bool is_top(const std::string& layer) {
  const std::string name = layer.substr(layer.rfind('/') + 1);
  for (const char* top :
       {"fc1", "fc2", "predictions", "conv_preds", "fc", "_fc", "head.fc", "pre_logits.fc1", "pre_logits.fc2",
        "classifier", "classifier.0", "classifier.1", "classifier.3", "classifier.6"})
    if (name == top) return true;
  return false;
}

BRINDLE_INLINE std::string advice(const std::vector<std::string>& missing, const std::vector<std::string>& surplus) {
  const auto tops = [](const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names)
      if (is_top(name)) all += (all.empty() ? "\"" : ", \"") + name + "\"";
    return all;
  };
  std::string text;
  const std::string in_file = tops(surplus), in_model = tops(missing);
  if (!in_file.empty() && in_model.empty())
    text += "\n  the file has a top that the model lacks (" + in_file +
            "): make the model with .include_top = true and the file's .classes, or leave it";
  if (!in_model.empty() && in_file.empty())
    text += "\n  the file has no top, and the model has (" + in_model +
            "): make it with .include_top = false and put layers of your own behind it, or draw it anew";
  return text + "\n  to take only what fits: load_weights(model, path, {.skip_mismatch = true})";
}

/// Where the axes stand in another order, as PyTorch and Theano have them, a hint.
BRINDLE_INLINE std::string axes_hint(const Shape& there, const Shape& wanted) {
  const bool turned =
      there.rank() == 4 && wanted.rank() == 4 && Shape{there[2], there[3], there[1], there[0]} == wanted;
  if (turned) return ", its axes seem to be (out, in, rows, columns)";
  if (there.rank() == 2 && wanted.rank() == 2 && Shape{there[1], there[0]} == wanted)
    return ", its axes seem to be (out, in)";
  return "";
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
std::vector<std::string> load_weights(Model<T, Device>& model, const WeightFile& file,
                                      const LoadWeightsOptions& options) {
  std::vector<std::string> problems, missing, surplus;
  std::vector<std::pair<const StoredTensor*, Parameter<T, Device>*>> found;
  std::vector<const StoredLayer*> used;
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const auto& layer = model.layers()[i];
    if (layer->parameters().empty()) continue;
    const StoredLayer* stored = detail::stored_layer_of(file, layer->name);
    const std::string shown = i < file.paths.size() ? file.paths[i] : stored ? stored->shown() : layer->name;
    if (!stored) {
      problems.push_back("missing: layer \"" + shown + "\"");
      missing.push_back(layer->name);
      continue;
    }
    used.push_back(stored);
    const std::size_t problems_before = problems.size(), found_before = found.size();
    for (std::size_t p = 0; p < layer->parameters().size(); ++p) {
      auto& parameter = layer->parameters()[p];
      const StoredTensor* tensor = nullptr;
      for (std::size_t k = 0; k < stored->tensors.size(); ++k)
        if (stored->tensors[k].parameter.empty()
                ? k == p
                : detail::names_parameter(stored->tensors[k].parameter, parameter.name))
          tensor = &stored->tensors[k];
      if (!tensor) {
        problems.push_back("missing: \"" + parameter.name + "\" of layer \"" + shown + "\"");
      } else if (!(tensor->shape == parameter.value.shape())) {
        problems.push_back("shape: \"" + tensor->name + "\" is " + to_string(tensor->shape) + ", layer \"" + shown +
                           "\" needs " + to_string(parameter.value.shape()) +
                           detail::axes_hint(tensor->shape, parameter.value.shape()));
      } else {
        found.emplace_back(tensor, &parameter);
      }
    }
    if (stored->tensors.size() > layer->parameters().size())
      problems.push_back("surplus: layer \"" + shown + "\" has " + std::to_string(stored->tensors.size()) +
                         " tensors in the file, " + std::to_string(layer->parameters().size()) + " in the model");
    if (problems.size() > problems_before) found.resize(found_before);  // a layer fits as a whole or not at all
  }
  for (const StoredLayer& stored : file.layers) {
    if (stored.tensors.empty() || std::find(used.begin(), used.end(), &stored) != used.end()) continue;
    problems.push_back("surplus: layer \"" + stored.shown() + "\"");
    surplus.push_back(stored.name);
  }
  if (!problems.empty() && (!options.skip_mismatch || found.empty())) {
    std::string text;
    constexpr std::size_t most = 20;
    for (std::size_t i = 0; i < problems.size() && i < most; ++i) text.append("\n  ").append(problems[i]);
    if (problems.size() > most) text += "\n  and " + std::to_string(problems.size() - most) + " more";
    if (file.paths.empty() && !options.skip_mismatch && !used.empty()) text += detail::advice(missing, surplus);
    brindle::detail::raise<FileError>(file.path + ": its weights do not fit the model:" + text);
  }

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
      brindle::detail::copy_between_devices<T, Cpu, Device>(converted.view(), value.view());
    }
  }
  return problems;
}

}  // namespace brindle::io
