// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what folded.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/channel_numbers.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/folded.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle::detail {

/// Settings with one of another value.
BRINDLE_INLINE Config with_setting(const Config& config, const std::string& key, const Config::Value& value) {
  Config changed;
  for (const Config::Entry& entry : config.entries())
    changed.set(entry.first, entry.first == key ? value : entry.second);
  if (!config.find(key)) changed.set(key, value);
  return changed;
}

/// A layer of a folded model before it is made: its settings, and its kernel and bias on the Cpu.
template <class T>
struct FoldedLayer {
  Config config;
  Tensor<T> kernel, bias;
  std::vector<double> penalties = {};  // of both, see Model::set_l2

  /// kernel and bias times `factor`, and `shift` added; one each for every output. The outputs of a DepthwiseConv2D are
  /// the last two axes of its kernel, of the others the last.
  void scale(const std::vector<double>& factor, const std::vector<double>& shift) {
    const auto outputs = static_cast<std::int64_t>(factor.size());
    if (bias.size() != outputs) bias = Tensor<T>({outputs});
    for (std::int64_t i = 0; i < kernel.size(); ++i)
      kernel[i] = static_cast<T>(static_cast<double>(kernel[i]) * factor[static_cast<std::size_t>(i % outputs)]);
    for (std::int64_t i = 0; i < outputs; ++i) {
      const auto o = static_cast<std::size_t>(i);
      bias[i] = static_cast<T>(static_cast<double>(bias[i]) * factor[o] + shift[o]);
    }
    config = with_setting(config, "use_bias", true);
  }

  /// The same of inputs that are x before they become x `factor` + `shift`: one each for every input channel of a
  /// Conv2D or Dense, or one for all.
  void scale_inputs(const std::vector<double>& factor, const std::vector<double>& shift) {
    const std::int64_t outputs = kernel.shape().back(), channels = kernel.shape()[kernel.shape().rank() - 2];
    std::vector<double> added(static_cast<std::size_t>(outputs), 0);
    for (std::int64_t i = 0; i < kernel.size(); ++i) {
      const auto channel = static_cast<std::size_t>(i / outputs % channels);
      const auto weight = static_cast<double>(kernel[i]);
      added[static_cast<std::size_t>(i % outputs)] += weight * shift[channel % shift.size()];
      kernel[i] = static_cast<T>(weight * factor[channel % factor.size()]);
    }
    scale(std::vector<double>(added.size(), 1), added);
  }
};

/// Folds one model.
template <class T, class Device>
class Folder {
 public:
  explicit Folder(Model<T, Device>&& model)
      : on_(model.device()),
        name_(model.name()),
        groups_(model.groups()),
        graph_(std::move(model).release()),
        readers_(layers_.size() + 1, 0),
        reader_(layers_.size() + 1, 0),
        taken_(layers_.size(), false) {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      for (const std::size_t value : graph_.inputs[i]) ++readers_[value], reader_[value] = i;
  }

  Model<T, Device> fold() && {
    Model<T, Device> made(on_, graph_.input);
    std::vector<std::size_t> number(layers_.size() + 1, 0);  // of values, in the folded model
    std::vector<std::size_t> ends(layers_.size() + 1, 0);    // layers of the folded model behind the first i
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (!taken_[i]) {
        std::vector<std::size_t> inputs;
        for (const std::size_t value : graph_.inputs[i]) inputs.push_back(number[value]);
        if (left_out(*layers_[i]) && i + 1 < layers_.size()) {
          number[i + 1] = inputs.front();
        } else {
          std::size_t last = i;
          LayerPointer layer = take(last);
          const std::string name = layer->name;
          number[last + 1] = put(made, std::move(layer), name, inputs);
        }
      }
      ends[i + 1] = made.layers().size();
    }
    for (const Group& group : folded_groups(groups_, ends)) made.add_group(group);
    made.set_name(name_);
    made.fix_weights();
    return made;
  }

 private:
  using LayerPointer = std::unique_ptr<Layer<T, Device>>;
  using Group = typename Model<T, Device>::Group;

  // The groups that have layers left.
  static std::vector<Group> folded_groups(const std::vector<Group>& groups, const std::vector<std::size_t>& ends) {
    std::vector<Group> left;
    for (const Group& group : groups)
      if (ends[group.end] > ends[group.begin])
        left.push_back(
            {group.name, ends[group.begin], ends[group.end], group.inference, folded_groups(group.groups, ends)});
    return left;
  }

  static bool left_out(const Layer<T, Device>& layer) {
    return layer.type() == "Dropout" ||
           (layer.type() == "Activation" && layer.activation() == ActivationFunction::linear);
  }

  // The layer that alone reads what layer i gives, and nothing else.
  std::optional<std::size_t> only_reader(std::size_t i) const {
    if (readers_[i + 1] != 1 || graph_.inputs[reader_[i + 1]].size() != 1) return {};
    return reader_[i + 1];
  }
  // The same, if it is the next one.
  const Layer<T, Device>* next(std::size_t i) const { return only_reader(i) == i + 1 ? layers_[i + 1].get() : nullptr; }

  static bool has_kernel(const Layer<T, Device>& layer) {
    const std::string type = layer.type();
    return type == "Conv2D" || type == "DepthwiseConv2D" || type == "Dense";
  }

  static Tensor<T> on_host(const Tensor<T, Device>& values) {
    Tensor<T> copy(values.shape());
    const HostCopy<T, Device> host(values.view());
    std::copy_n(host.data(), copy.size(), copy.data());
    return copy;
  }
  // The same of values that nobody needs any more: a network's weights are not held twice.
  static Tensor<T> moved_to_host(Tensor<T, Device>& values) {
    if constexpr (std::is_same_v<Device, Cpu>)
      return std::move(values);
    else
      return on_host(std::exchange(values, {}));
  }
  static void move_from_host(Tensor<T>& values, Tensor<T, Device>& to) {
    if constexpr (std::is_same_v<Device, Cpu>)
      to = std::move(values);
    else
      copy_between_devices<T, Cpu, Device>(values.view(), to.view());
  }

  // Layer i with all that goes into it, which need not stand beside it (Keras has the shortcut's and the block's
  // normalizations one behind the other); i becomes the number of the last of it.
  LayerPointer take(std::size_t& i) {
    const Layer<T, Device>* rescaling = goes_into_next(i) ? layers_[i++].get() : nullptr;
    std::optional<Config::Value> padding;
    if (layers_[i]->type() == "ZeroPadding2D" && next(i) && takes_padding(*next(i)))
      padding = *layers_[i++]->config().find("padding");
    taken_[i] = true;
    if (!has_kernel(*layers_[i])) return std::move(layers_[i]);
    Layer<T, Device>& layer = *layers_[i];
    FoldedLayer<T> made{layer.config(), moved_to_host(layer.parameters()[0].value), {}};
    if (layer.parameters().size() > 1) made.bias = moved_to_host(layer.parameters()[1].value);
    for (const auto& p : layer.parameters()) made.penalties.push_back(p.l2);
    if (rescaling) made.scale_inputs(factors_of(*rescaling), shifts_of(*rescaling));
    if (padding) made.config = with_setting(made.config, "padding", *padding);
    bool linear_so_far = layer.activation() == ActivationFunction::linear;
    while (only_reader(i) && linear_so_far) {
      const std::size_t reader = *only_reader(i);
      const Layer<T, Device>& behind = *layers_[reader];
      if (behind.type() == "BatchNormalization") {
        fold_normalization(made, behind);
      } else if (is_activation(behind)) {
        made.config = with_setting(made.config, "activation", to_string(behind.activation()));
        linear_so_far = false;
      } else if (!left_out(behind)) {
        break;
      }
      i = reader;
      taken_[i] = true;
    }
    LayerPointer result = LayerRegistry<T, Device>().make(layer.type(), made.config);
    result->name = layer.name;
    result->trainable = layer.trainable;
    kernels_.insert_or_assign(result->name, std::move(made));
    return result;
  }

  // Whether layer i rescales what only the next one reads, which can do so itself: not where zeros are put around what
  // was shifted.
  bool goes_into_next(std::size_t i) const {
    const std::string type = layers_[i]->type();
    if ((type != "Rescaling" && type != "Normalization") || !next(i)) return false;
    const Layer<T, Device>& behind = *next(i);
    if (behind.type() == "Dense") return true;
    const std::vector<double> shifts = shifts_of(*layers_[i]);
    const bool only_scaled = std::all_of(shifts.begin(), shifts.end(), [](double v) { return v == 0; });
    return behind.type() == "Conv2D" && behind.config().get("groups", std::int64_t{1}) == 1 &&
           (only_scaled || takes_padding(behind));
  }

  static std::vector<double> factors_of(const Layer<T, Device>& rescaling) {
    const Config config = rescaling.config();
    if (rescaling.type() == "Rescaling") return config.get("scale", std::vector<double>{});
    return normalization_factors(config.get("variance", std::vector<double>{}));
  }

  static std::vector<double> shifts_of(const Layer<T, Device>& rescaling) {
    const Config config = rescaling.config();
    if (rescaling.type() == "Rescaling") return config.get("offset", std::vector<double>{});
    const std::vector<double> mean = config.get("mean", std::vector<double>{}), factors = factors_of(rescaling);
    std::vector<double> shifts;
    for (std::size_t c = 0; c < std::max(mean.size(), factors.size()); ++c)
      shifts.push_back(-mean[c % mean.size()] * factors[c % factors.size()]);
    return shifts;
  }

  // An activation by itself that one of a layer with a kernel can be: not softmax, which Dense has and others have not.
  static bool is_activation(const Layer<T, Device>& layer) {
    const std::string type = layer.type();
    return (type == "Activation" || type == "ReLU" || type == "LeakyReLU" || type == "ELU") &&
           layer.activation() != ActivationFunction::linear && layer.activation() != ActivationFunction::softmax;
  }

  static bool takes_padding(const Layer<T, Device>& layer) {
    return (layer.type() == "Conv2D" || layer.type() == "DepthwiseConv2D") &&
           std::holds_alternative<std::string>(*layer.config().find("padding")) &&
           layer.config().get("padding", "valid") == "valid";
  }

  static void fold_normalization(FoldedLayer<T>& into, const Layer<T, Device>& normalization) {
    const Config config = normalization.config();
    const bool scale = config.get("scale", true), center = config.get("center", true);
    const double epsilon = config.get("epsilon", 1e-3);
    std::vector<Tensor<T>> p;
    for (const auto& parameter : normalization.parameters()) p.push_back(on_host(parameter.value));
    const Tensor<T>&mean = p[p.size() - 2], &variance = p.back();
    std::vector<double> factors, shifts;
    for (std::int64_t c = 0; c < mean.size(); ++c) {
      const double factor =
          (scale ? static_cast<double>(p[0][c]) : 1.0) / std::sqrt(static_cast<double>(variance[c]) + epsilon);
      factors.push_back(factor);
      shifts.push_back((center ? static_cast<double>(p[scale ? 1 : 0][c]) : 0.0) -
                       static_cast<double>(mean[c]) * factor);
    }
    into.scale(factors, shifts);
  }

  std::size_t put(Model<T, Device>& made, LayerPointer layer, const std::string& name,
                  const std::vector<std::size_t>& inputs) {
    const bool trainable = layer->trainable, inference = layer->inference;
    std::vector<Tensor<T, Device>> values;
    std::vector<double> penalties;
    for (auto& p : layer->parameters()) {
      values.push_back(std::move(p.value));
      penalties.push_back(p.l2);
    }
    const std::size_t value = made.add_uninitialized(std::move(layer), name, inputs);
    auto& added = *made.layers().back();
    added.trainable = trainable;
    added.inference = inference;
    const auto kernel = kernels_.find(name);
    if (kernel != kernels_.end()) penalties = kernel->second.penalties;
    for (std::size_t p = 0; p < added.parameters().size(); ++p) {
      auto& to = added.parameters()[p].value;
      if (p < penalties.size()) added.set_l2(p, penalties[p]);
      if (kernel == kernels_.end())
        to = std::move(values[p]);
      else
        move_from_host(p == 0 ? kernel->second.kernel : kernel->second.bias, to);
    }
    if (kernel != kernels_.end()) kernels_.erase(kernel);
    return value;
  }

  Device on_;
  std::string name_;
  std::vector<Group> groups_;
  LayerGraph<T, Device> graph_;
  std::vector<LayerPointer>& layers_ = graph_.layers;
  std::vector<std::size_t> readers_;  // of each value: how many
  std::vector<std::size_t> reader_;   // and the last of them
  std::vector<bool> taken_;           // layers that are in the folded model, alone or within another
  std::map<std::string, FoldedLayer<T>> kernels_;
};

}  // namespace brindle::detail

namespace brindle {

template <class T, class Device>
Model<T, Device> folded(Model<T, Device>&& model) {
  return detail::Folder<T, Device>(std::move(model)).fold();
}

}  // namespace brindle
