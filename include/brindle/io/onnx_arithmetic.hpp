// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "brindle/io/onnx_gelu.hpp"
#include "brindle/io/onnx_graph.hpp"

// Operators that work element by element, on one value or several, and the means of values.
namespace brindle::io::detail {

/// The layer of one input, which keeps its axes.
inline OnnxValue elementwise(OnnxGraph& g, OnnxOperator& n, OnnxValue x, const std::string& type,
                             const Config& config) {
  x.value = g.add(n, type, config, {x.value});
  return x;
}
inline OnnxValue activation(OnnxGraph& g, OnnxOperator& n, const OnnxValue& x, const std::string& function) {
  return elementwise(g, n, x, "Activation", {{"activation", function}});
}
inline OnnxValue rescaled(OnnxGraph& g, OnnxOperator& n, const OnnxValue& x, double scale, double offset) {
  if (scale == 1 && offset == 0) return x;
  return elementwise(g, n, x, "Rescaling", {{"scale", std::vector{scale}}, {"offset", std::vector{offset}}});
}

/// Relu, Sigmoid, HardSwish and others without settings.
inline void import_activation(OnnxGraph& g, OnnxOperator& n) {
  const std::string& op = n.node().op;
  const OnnxValue x = g.tensor(n, 0);
  std::string function;
  if (op == "Relu") function = "relu";
  if (op == "Sigmoid") function = "sigmoid";
  if (op == "Tanh") function = "tanh";
  if (op == "Softplus") function = "softplus";
  if (op == "HardSwish") function = "hard_silu";
  if (op == "Gelu") {
    function = "gelu";
    if (n.text("approximate", "none") != "none")
      n.fail("attribute approximate = " + n.text("approximate", "") + " is not supported");
  }
  if (op == "Swish") {
    function = "silu";
    if (n.number("alpha", 1) != 1) n.fail("attribute alpha other than 1 is not supported");
  }
  n.find("consumed_inputs");
  g.set_output(n, activation(g, n, x, function));
}

inline void import_hard_sigmoid(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  const double alpha = n.number("alpha", 0.2f), beta = n.number("beta", 0.5f);
  if (std::abs(alpha - 1.0 / 6) < 1e-7 && beta == 0.5) return g.set_output(n, activation(g, n, x, "hard_sigmoid"));
  g.set_output(n, elementwise(g, n, rescaled(g, n, x, alpha, beta), "ReLU", {{"max_value", 1.0}}));
}

inline void import_leaky_relu(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  if (n.node().op == "Elu") return g.set_output(n, elementwise(g, n, x, "ELU", {{"alpha", n.number("alpha", 1)}}));
  g.set_output(n, elementwise(g, n, x, "LeakyReLU", {{"negative_slope", n.number("alpha", 0.01f)}}));
}

/// max(lowest, min(x, highest)).
inline OnnxValue clipped(OnnxGraph& g, OnnxOperator& n, OnnxValue x, double lowest, double highest) {
  if (!(lowest <= highest) || lowest == std::numeric_limits<double>::infinity() ||
      highest == -std::numeric_limits<double>::infinity())
    n.fail("limits of " + std::to_string(lowest) + " and " + std::to_string(highest) + " are not supported");
  const bool above = std::isfinite(lowest), below = std::isfinite(highest);
  if (!above && !below) return x;
  const double shift = above ? lowest : highest;  // is added and taken away, which costs digits
  if (std::abs(shift) > 16)
    n.fail("limits of " + std::to_string(lowest) + " and " + std::to_string(highest) +
           " are not supported; a lower limit, or an upper one alone, is from -16 to 16");
  if (!above) {  // highest - max(highest - x, 0)
    x = activation(g, n, rescaled(g, n, x, -1, highest), "relu");
    return rescaled(g, n, x, -1, highest);
  }
  x = rescaled(g, n, x, 1, -lowest);
  if (!below)
    x = activation(g, n, x, "relu");
  else if (highest - lowest == 6)
    x = activation(g, n, x, "relu6");
  else
    x = elementwise(g, n, x, "ReLU", {{"max_value", highest - lowest}});
  return rescaled(g, n, x, 1, lowest);
}

inline void import_clip(OnnxGraph& g, OnnxOperator& n) {
  const double infinity = std::numeric_limits<double>::infinity();
  double lowest = -infinity, highest = infinity;
  const OnnxValue x = g.tensor(n, 0);
  if (n.opset() < 11) {
    lowest = n.number("min", lowest);
    highest = n.number("max", highest);
  } else {
    if (n.has_input(1)) lowest = g.number(n, 1, "the lower limit");
    if (n.has_input(2)) highest = g.number(n, 2, "the upper limit");
  }
  if (lowest <= -static_cast<double>(std::numeric_limits<float>::max()))
    lowest = -infinity;  // no limits before opset 11
  if (highest >= static_cast<double>(std::numeric_limits<float>::max())) highest = infinity;
  g.set_output(n, clipped(g, n, x, lowest, highest));
}

/// In training numbers are dropped; the files say nothing of that but the rate.
inline void import_dropout(OnnxGraph& g, OnnxOperator& n) {
  double rate = n.opset() < 12 ? n.number("ratio", 0.5) : 0.5;
  n.find("seed");
  n.find("is_test");
  const OnnxValue x = g.tensor(n, 0);
  if (n.opset() >= 12 && n.has_input(1)) rate = g.number(n, 1, "the rate");
  if (n.opset() >= 12 && n.has_input(2) && g.number(n, 2, "training_mode") != 0)
    n.fail("training_mode is not supported; export the model for inference");
  if (!(rate >= 0 && rate < 1)) return g.set_output(n, x);  // no layer has such a rate, and a prediction none
  g.set_output(n, elementwise(g, n, x, "Dropout", {{"rate", rate}}));
}

inline void import_softmax(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  const auto rank = static_cast<std::int64_t>(x.axes.size()) + 1;
  std::int64_t axis = n.integer("axis", n.opset() < 13 ? 1 : -1);
  if (axis < 0) axis += rank;
  if (axis < 1 || axis >= rank) n.fail("attribute axis = " + std::to_string(axis) + " is not supported");
  const Config config{{"axis", std::int64_t{-1}}};
  const std::vector<std::int64_t> dims = g.dims(x);
  const bool all_behind = std::all_of(dims.begin() + axis, dims.end(), [](std::int64_t size) { return size == 1; });
  if (n.opset() < 13 && !all_behind) {  // over all axes from this one on
    if (axis != 1) n.fail("attribute axis = " + std::to_string(axis) + " is not supported before opset 13");
    OnnxValue y = x;
    const Shape before = g.shape(x);
    y.value = g.add(n, "Softmax", config, {g.reshaped(n, x.value, {before.size()})});
    y.value = g.reshaped(n, y.value, std::vector<std::int64_t>(before.begin(), before.end()));
    return g.set_output(n, y);
  }
  OnnxGraph::Order order = OnnxGraph::as_in_file(x.axes.size());
  std::rotate(order.begin() + axis - 1, order.begin() + axis, order.end());
  const OnnxValue in = g.in_order(n, x, order);
  g.set_output(n, g.ordered(g.add(n, "Softmax", config, {in.value}), order));
}

/// x op c, or c op x, with c the same for all samples: a number, or one for each channel.
inline void import_with_numbers(OnnxGraph& g, OnnxOperator& n, bool first) {
  const std::string& op = n.node().op;
  if (g.input(n, first ? 1 : 0).erf) return import_erf_with_number(g, n, first);
  const OnnxValue x = g.tensor(n, first ? 1 : 0);
  OnnxConstant c = g.numbers(n, first ? 0 : 1, "a number");
  if (c.integer) n.fail("computes with whole numbers, which is not supported");
  const std::vector<std::int64_t> dims = g.dims(x);
  const std::size_t rank = dims.size() + 1;
  if (c.shape.size() > rank || c.size() < 1)
    n.fail("numbers " + onnx_sizes_text(c.shape) + " do not fit a value of " + std::to_string(rank) + " axes");
  std::vector<int> axes;  // of a sample, in which the numbers differ
  for (std::size_t i = 0; i < c.shape.size(); ++i) {
    const std::size_t axis = i + rank - c.shape.size();
    if (c.shape[i] == 1) continue;
    if (axis == 0 || c.shape[i] != dims[axis - 1])
      n.fail("numbers " + onnx_sizes_text(c.shape) + " do not fit a value (N, " + onnx_sizes_text(dims).substr(1));
    axes.push_back(static_cast<int>(axis) - 1);
  }
  OnnxValue in = x;
  if (axes.size() > 1) n.fail("numbers " + onnx_sizes_text(c.shape) + " are not supported, only one number a channel");
  if (!axes.empty() && x.axes[static_cast<std::size_t>(axes[0])] != std::vector<int>{g.shape(x).rank() - 1}) {
    OnnxGraph::Order order = OnnxGraph::as_in_file(dims.size());
    std::rotate(order.begin() + axes[0], order.begin() + axes[0] + 1, order.end());
    in = g.in_order(n, x, order);
  }
  std::vector<double> scale{1}, offset{0};
  std::vector<double>& to = op == "Mul" || op == "Div" ? scale : offset;
  to = c.numbers;
  if (op == "Sub" && first) scale = {-1};
  if (op == "Sub" && !first)
    for (double& number : to) number = -number;
  if (op == "Div") {
    if (first) n.fail("a number divided by a value is not supported");
    for (double& number : to) {
      if (number == 0) n.fail("divides by 0");
      number = 1 / number;
    }
  }
  g.set_output(n, elementwise(g, n, in, "Rescaling", {{"scale", scale}, {"offset", offset}}));
}

/// Add, Sub, Mul of values, and Sum and Concat of several.
inline void import_merge(OnnxGraph& g, OnnxOperator& n, const std::string& type) {
  std::vector<OnnxValue> values;
  for (std::size_t i = 0; i < n.node().inputs.size(); ++i) values.push_back(g.tensor(n, i));
  const std::size_t rank = values.empty() ? 0 : values.front().axes.size();
  for (const OnnxValue& v : values)
    if (v.axes.size() != rank)
      n.fail("values of " + std::to_string(rank + 1) + " and " + std::to_string(v.axes.size() + 1) +
             " axes are not supported");
  if (values.empty()) n.fail("has no inputs");
  std::int64_t axis = 0;
  if (type == "Concatenate") {
    axis = n.integer("axis", 1);
    if (axis < 0) axis += static_cast<std::int64_t>(rank) + 1;
    if (axis < 1 || axis > static_cast<std::int64_t>(rank))
      n.fail("attribute axis = " + std::to_string(axis) + " is not supported, the batch is axis 0");
  }
  if (values.size() == 1) return g.set_output(n, values.front());
  // Values of the same axes are merged as they lie.
  const bool alike = type != "Concatenate" && std::all_of(values.begin(), values.end(), [&](const OnnxValue& v) {
                       return v.axes == values.front().axes && g.shape(v) == g.shape(values.front());
                     });
  const auto order = g.common_order(values);
  std::vector<std::size_t> inputs;
  for (OnnxValue& v : values) {
    if (!alike) v = g.in_order(n, v, order);
    inputs.push_back(v.value);
  }
  if (n.node().op == "Sub")
    inputs[1] = g.add(n, "Rescaling", {{"scale", std::vector{-1.0}}, {"offset", std::vector{0.0}}}, {inputs[1]});
  Config config;
  if (type == "Concatenate") {
    const auto place = std::find(order->begin(), order->end(), static_cast<int>(axis) - 1) - order->begin();
    config.set("axis", std::int64_t{place} + 1);
  }
  const std::size_t value = g.add(n, type, config, inputs);
  OnnxValue y = values.front();
  y.value = value;
  g.set_output(n, alike ? y : g.ordered(value, *order));
}

inline void import_binary(OnnxGraph& g, OnnxOperator& n) {
  const std::string& op = n.node().op;
  n.find("consumed_inputs");
  if (n.node().inputs.size() != 2) n.fail("expected two inputs");
  if (g.is_constant(n, 0) || g.is_constant(n, 1)) return import_with_numbers(g, n, g.is_constant(n, 0));
  if (g.input(n, 0).erf || g.input(n, 1).erf) return import_gelu(g, n);
  if (op == "Div") n.fail("a value divided by a value is not supported");
  import_merge(g, n, op == "Mul" ? "Multiply" : "Add");
}

/// ReduceMean and ReduceMax over axes that lie in front of all others.
inline void import_reduce(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  const std::size_t rank = x.axes.size();
  const bool mean = n.node().op == "ReduceMean";
  std::vector<std::int64_t> axes = n.integers("axes", {});
  if (n.opset() >= 18 && n.has_input(1)) axes = g.integers(n, 1, "axes");
  const bool keep = n.integer("keepdims", 1) != 0;
  if (axes.empty() && n.integer("noop_with_empty_axes", 0) != 0) return g.set_output(n, x);
  n.find("noop_with_empty_axes");
  std::vector<bool> reduced(rank, false);
  for (std::int64_t axis : axes) {
    if (axis < 0) axis += static_cast<std::int64_t>(rank) + 1;
    if (axis < 1 || axis > static_cast<std::int64_t>(rank))
      n.fail("axis " + std::to_string(axis) + " is not supported, the batch is axis 0");
    reduced[static_cast<std::size_t>(axis) - 1] = true;
  }
  if (axes.empty()) n.fail("a mean over all axes, with the batch, is not supported");
  const std::vector<std::int64_t> dims = g.dims(x);
  OnnxGraph::Order order;
  std::vector<std::int64_t> gone, left;
  for (const bool pass : {true, false})
    for (std::size_t i = 0; i < rank; ++i)
      if (reduced[i] == pass) {
        order.push_back(static_cast<int>(i));
        (pass ? gone : left).push_back(dims[i]);
      }
  std::int64_t gone_all = 1, left_all = 1;
  for (const std::int64_t size : gone) gone_all *= size;
  for (const std::int64_t size : left) left_all *= size;
  OnnxValue in = g.in_order(n, x, order);
  if (gone.size() != 2 || left.size() != 1) in.value = g.reshaped(n, in.value, {gone_all, 1, left_all});
  std::size_t value =
      g.add(n, mean ? "GlobalAveragePooling2D" : "GlobalMaxPooling2D", {{"keepdims", true}}, {in.value});
  std::vector<std::int64_t> sizes = left;
  if (sizes.empty()) sizes = {1};
  value = left.size() == 1 ? value : g.reshaped(n, value, sizes);
  // The axes that are left, in their order; of pictures (1, 1, C), whose channels are axis 2.
  OnnxValue y{.value = value};
  int at = left.size() == 1 ? 2 : 0;
  for (std::size_t i = 0; i < rank; ++i) {
    if (reduced[i]) {
      if (keep) y.axes.emplace_back();
      continue;
    }
    y.axes.push_back(dims[i] == 1 ? std::vector<int>{} : std::vector<int>{at});
    ++at;
  }
  g.set_output(n, y);
}

}  // namespace brindle::io::detail
