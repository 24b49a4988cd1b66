// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/io/onnx_graph.hpp"

namespace brindle::io::detail {

/// Layers that a file becomes, before they are made.
struct OnnxPlan {
  Shape input;  ///< of a sample
  std::vector<OnnxLayer> layers;
  OnnxGraph::Order input_order = {};   ///< that the input's axes have here, of those of a sample in the file
  OnnxGraph::Order output_order = {};  ///< the same of the output's
};

/// Writes what several nodes say as the one layer that a person would write:
///
///     x * sigmoid(x), x * hard_sigmoid(x)                    silu, hard_silu
///     numbers added to a convolution or Dense without bias   its bias
///     an activation behind a convolution or Dense            its own activation
///     a row of features made of a global pool's picture      the pool without keepdims
///     Reshape behind Reshape                                 one, or none
///     a value times a number, times another one              the product of both, or nothing
///
/// where nothing else reads what stands between them.
class OnnxSimplifier {
 public:
  /// output: the value that the model gives.
  OnnxSimplifier(OnnxPlan plan, std::vector<Shape> shapes, std::size_t output)
      : plan_(std::move(plan)), shapes_(std::move(shapes)), output_(output) {}

  OnnxPlan simplified() && {
    alias_.resize(plan_.layers.size() + 1);
    readers_.assign(plan_.layers.size() + 1, 0);
    for (std::size_t i = 0; i < alias_.size(); ++i) alias_[i] = i;
    gone_.assign(plan_.layers.size(), true);
    readers_[output_] = 1;
    for (std::size_t i = plan_.layers.size(); i-- > 0;) {
      if (readers_[i + 1] == 0) continue;  // as what only tells its shape
      gone_[i] = false;
      for (const std::size_t value : plan_.layers[i].inputs) ++readers_[value];
    }
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      OnnxLayer& layer = plan_.layers[i];
      if (gone_[i]) continue;
      for (std::size_t& value : layer.inputs) value = alias_[value];
      if (layer.type == "Multiply") to_gated(i);
      if (layer.type == "Flatten" || layer.type == "Reshape") to_sizes(i);
      if (layer.type == "Rescaling") to_product(i);
      if (layer.type == "Rescaling" && !gone_[i]) to_bias(i);
      if (layer.type == "Activation" || layer.type == "Softmax") to_activation(i);
    }
    return compact();
  }

 private:
  static bool has_kernel(const OnnxLayer& layer) {
    return layer.type == "Conv2D" || layer.type == "DepthwiseConv2D" || layer.type == "Dense";
  }

  static Config with(const Config& config, const std::string& key, const Config::Value& value) {
    Config changed;
    for (const auto& [name, old] : config.entries()) changed.set(name, name == key ? value : old);
    return changed;
  }

  // The layer that gives a value which nothing else reads; null: there is none.
  OnnxLayer* before(std::size_t value) {
    return value == 0 || readers_[value] != 1 ? nullptr : &plan_.layers[value - 1];
  }

  // Layer i becomes what gives `value`.
  void drop(std::size_t i, std::size_t value) {
    gone_[i] = true;
    alias_[i + 1] = value;
    readers_[value] += readers_[i + 1] - 1;
  }

  void to_gated(std::size_t i) {
    OnnxLayer& layer = plan_.layers[i];
    if (layer.inputs.size() != 2) return;
    for (std::size_t side = 0; side < 2; ++side) {
      const std::size_t x = layer.inputs[1 - side], gate = layer.inputs[side];
      OnnxLayer* const g = before(gate);
      if (!g || g->type != "Activation" || g->inputs[0] != x) continue;
      const std::string function = g->config.get("activation", "linear");
      if (function != "sigmoid" && function != "hard_sigmoid") continue;
      gone_[gate - 1] = true;
      --readers_[x];
      layer.type = "Activation";
      layer.config = Config{{"activation", std::string(function == "sigmoid" ? "silu" : "hard_silu")}};
      layer.inputs = {x};
      return;
    }
  }

  void to_sizes(std::size_t i) {
    OnnxLayer& layer = plan_.layers[i];
    OnnxLayer* const first = before(layer.inputs[0]);
    if (first && (first->type == "Flatten" || first->type == "Reshape")) {
      gone_[layer.inputs[0] - 1] = true;
      layer.inputs = first->inputs;
    }
    const std::size_t x = layer.inputs[0];
    if (shapes_[i + 1] == shapes_[x]) return drop(i, x);
    OnnxLayer* const pool = before(x);
    if (!pool || layer.type != "Flatten" || pool->config.get("keepdims", false) == false) return;
    pool->config = with(pool->config, "keepdims", false);
    shapes_[x] = shapes_[i + 1];
    drop(i, x);
  }

  void to_product(std::size_t i) {
    OnnxLayer& layer = plan_.layers[i];
    OnnxLayer* const first = before(layer.inputs[0]);
    if (!first || !is_scaled(layer) || !is_scaled(*first)) return;
    const double product =
        layer.config.get("scale", std::vector<double>{})[0] * first->config.get("scale", std::vector<double>{})[0];
    gone_[layer.inputs[0] - 1] = true;
    layer.inputs = first->inputs;
    layer.config = with(layer.config, "scale", std::vector{product});
    if (product == 1) drop(i, layer.inputs[0]);
  }

  void to_bias(std::size_t i) {
    OnnxLayer& layer = plan_.layers[i];
    OnnxLayer* const to = before(layer.inputs[0]);
    if (!to || !has_kernel(*to) || to->config.get("use_bias", true) ||
        to->config.get("activation", "linear") != "linear" ||
        layer.config.get("scale", std::vector<double>{}) != std::vector<double>{1})
      return;
    std::vector<double> offset = layer.config.get("offset", std::vector<double>{});
    const std::int64_t channels = shapes_[i + 1].back();
    if (offset.size() == 1) offset.assign(static_cast<std::size_t>(channels), offset[0]);
    to->config = with(to->config, "use_bias", true);
    to->weights.push_back({"bias", {.shape = {channels}, .numbers = offset}, {channels}, {0}});
    drop(i, layer.inputs[0]);
  }

  void to_activation(std::size_t i) {
    OnnxLayer& layer = plan_.layers[i];
    OnnxLayer* const to = before(layer.inputs[0]);
    const std::string function = layer.type == "Softmax" ? "softmax" : layer.config.get("activation", "linear");
    if (!to || !has_kernel(*to) || to->config.get("activation", "linear") != "linear" ||
        (function == "softmax" && to->type != "Dense"))
      return;
    to->config = with(to->config, "activation", function);
    drop(i, layer.inputs[0]);
  }

  OnnxPlan compact() {
    OnnxPlan made{plan_.input, {}, plan_.input_order, plan_.output_order};
    std::vector<std::size_t> number(alias_.size(), 0);
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      if (gone_[i]) {
        number[i + 1] = number[alias_[i + 1]];
        continue;
      }
      OnnxLayer& layer = plan_.layers[i];
      for (std::size_t& value : layer.inputs) value = number[value];
      made.layers.push_back(std::move(layer));
      number[i + 1] = made.layers.size();
    }
    return made;
  }

  OnnxPlan plan_;
  std::vector<Shape> shapes_;
  std::size_t output_;
  std::vector<std::size_t> alias_;  // of each value, the one that it is now
  std::vector<std::size_t> readers_;
  std::vector<bool> gone_;
};

}  // namespace brindle::io::detail
