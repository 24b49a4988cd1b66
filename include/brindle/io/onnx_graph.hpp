// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/io/onnx_constant.hpp"
#include "brindle/io/onnx_messages.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle::io::detail {

/// A node with what is asked of its attributes; those that nobody asked for are refused, since they may mean anything.
class OnnxOperator {
 public:
  OnnxOperator(const std::string& path, const OnnxNode& node, std::int64_t opset)
      : path_(&path), node_(&node), opset_(opset) {}

  const OnnxNode& node() const { return *node_; }
  std::int64_t opset() const { return opset_; }  ///< of the file

  /// Throws FileError: path: node "conv1" (Conv): what.
  [[noreturn]] void fail(const std::string& what) const {
    brindle::detail::raise<FileError>(*path_ + ": node \"" + name() + "\" (" + node_->op + "): " + what);
  }

  /// Of the node; of its first output where it has none.
  std::string name() const {
    if (!node_->name.empty() || node_->outputs.empty()) return node_->name;
    return node_->outputs.front();
  }

  /// Whether there is such an input; those that are left out are "".
  bool has_input(std::size_t i) const { return i < node_->inputs.size() && !node_->inputs[i].empty(); }

  const OnnxAttribute* find(const std::string& attribute) {
    asked_.insert(attribute);
    for (const OnnxAttribute& a : node_->attributes)
      if (a.name == attribute) return &a;
    return nullptr;
  }
  std::int64_t integer(const std::string& attribute, std::int64_t otherwise) {
    const OnnxAttribute* a = find(attribute);
    return a ? a->i : otherwise;
  }
  double number(const std::string& attribute, double otherwise) {
    const OnnxAttribute* a = find(attribute);
    return a ? static_cast<double>(a->f) : otherwise;
  }
  std::string text(const std::string& attribute, const std::string& otherwise) {
    const OnnxAttribute* a = find(attribute);
    return a ? a->s : otherwise;
  }
  std::vector<std::int64_t> integers(const std::string& attribute, const std::vector<std::int64_t>& otherwise) {
    const OnnxAttribute* a = find(attribute);
    return a ? a->ints : otherwise;
  }
  /// Refuses a whole number that is not the one expected.
  void expect(const std::string& attribute, std::int64_t expected, std::int64_t otherwise) {
    const std::int64_t value = integer(attribute, otherwise);
    if (value != expected)
      fail("attribute " + attribute + " = " + std::to_string(value) + " is not supported, expected " +
           std::to_string(expected));
  }
  /// Refuses attributes that nobody asked for.
  void finish() const {
    for (const OnnxAttribute& a : node_->attributes)
      if (asked_.count(a.name) == 0) fail("attribute " + a.name + " is not supported");
  }

 private:
  const std::string* path_;
  const OnnxNode* node_;
  std::int64_t opset_;
  std::set<std::string> asked_;
};

/// A parameter of a planned layer: a tensor of the file under the sizes `sizes`, the parameter's axis i being its axis
/// axes[i], times `factor`.
struct OnnxWeight {
  std::string parameter;
  OnnxConstant constant;
  std::vector<std::int64_t> sizes;
  std::vector<int> axes;
  double factor = 1;
};

/// A layer that is to be made.
struct OnnxLayer {
  std::string type, name;
  Config config;
  std::vector<std::size_t> inputs;  ///< values of the plan: 0 is the input, i + 1 what layer i gives
  std::vector<OnnxWeight> weights = {};
  std::string node = {};  ///< for messages
};

/// The layer is x times one number.
inline bool is_scaled(const OnnxLayer& layer) {
  return layer.type == "Rescaling" && layer.config.get("scale", std::vector<double>{}).size() == 1 &&
         layer.config.get("offset", std::vector<double>{}) == std::vector<double>{0};
}

/// What a value of the file is. Where it depends on the input it is a value of the plan, whose axes the file has in
/// another order, or several of them as one: axes[i] are those axes of a sample, each of more than one element, that
/// axis i + 1 of the file's value runs through, the last of them fastest. Of pictures, (N, C, H, W) in the file and
/// (N, H, W, C) here, they are {{2}, {0}, {1}}.
struct OnnxValue {
  std::optional<OnnxConstant> constant = {};  ///< it does not depend on the input
  std::size_t value = 0;
  std::vector<std::vector<int>> axes = {};
  bool floats = true;
  /// It is offset + factor erf(x / sqrt(2)), x being the plan's value `value`, of which no layer gives the erf alone;
  /// times x, with offset = factor, it becomes a gelu.
  struct Erf {
    double offset = 0, factor = 1;
  };
  std::optional<Erf> erf = {};
};

/// The layers that a file's graph becomes, while its nodes are gone through.
class OnnxGraph {
 public:
  using Order = std::vector<int>;

  OnnxGraph(const WireFile& file, const OnnxModel& model) : file_(&file), model_(&model), tensors_(file) {}

  std::vector<OnnxLayer> layers;
  std::vector<Shape> shapes;  ///< of a sample of each value

  const OnnxTensors& tensors() const { return tensors_; }
  const std::string& path() const { return file_->path; }

  // Values by the file's names.
  /// @{
  void set(const std::string& name, OnnxValue value) { values_.insert_or_assign(name, std::move(value)); }
  void set_output(const OnnxOperator& n, OnnxValue value) {
    if (n.node().outputs.empty()) n.fail("has no output");
    set(n.node().outputs.front(), std::move(value));
  }
  void set_output(const OnnxOperator& n, OnnxConstant constant) {
    set_output(n, OnnxValue{.constant = std::move(constant)});
  }
  const OnnxValue* find(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  const OnnxValue& input(const OnnxOperator& n, std::size_t i) {
    if (!n.has_input(i)) n.fail("input " + std::to_string(i) + " is missing");
    const std::string& name = n.node().inputs[i];
    if (const OnnxValue* value = find(name)) return *value;
    const auto stored = model_->initializers.find(name);
    if (stored == model_->initializers.end())
      n.fail("reads \"" + name + "\", which is neither an initializer nor what a node before it gives");
    return values_.insert_or_assign(name, OnnxValue{.constant = tensors_.constant(stored->second)}).first->second;
  }
  bool is_constant(const OnnxOperator& n, std::size_t i) { return input(n, i).constant.has_value(); }
  /// @}

  /// An input that does not depend on the model's, not read yet.
  const OnnxConstant& constant(const OnnxOperator& n, std::size_t i, const char* what) {
    const OnnxValue& v = input(n, i);
    if (!v.constant) n.fail(std::string(what) + " depends on the model's input, which is not supported");
    return *v.constant;
  }
  /// With its numbers.
  OnnxConstant numbers(const OnnxOperator& n, std::size_t i, const char* what) {
    OnnxConstant c = constant(n, i, what);
    if (c.stored) take_budget(n, c.size());
    return tensors_.loaded(std::move(c));
  }
  std::vector<std::int64_t> integers(const OnnxOperator& n, std::size_t i, const char* what) {
    OnnxConstant c = numbers(n, i, what);
    if (!c.integer) n.fail(std::string(what) + " are no whole numbers");
    return c.integers;
  }
  /// One number.
  double number(const OnnxOperator& n, std::size_t i, const char* what) {
    const OnnxConstant c = numbers(n, i, what);
    if (c.size() != 1) n.fail(std::string(what) + " is " + onnx_sizes_text(c.shape) + ", expected one number");
    return c.integer ? static_cast<double>(c.integers[0]) : c.numbers[0];
  }
  /// Of all numbers that are computed while the file is read.
  void take_budget(const OnnxOperator& n, std::int64_t elements) {
    if (elements > budget_) n.fail("more than 2^25 numbers would have to be computed that do not depend on the input");
    budget_ -= elements;
  }

  /// An input of floats that depends on the model's.
  const OnnxValue& tensor(const OnnxOperator& n, std::size_t i) {
    const OnnxValue& v = input(n, i);
    if (v.constant)
      n.fail("input " + std::to_string(i) + " does not depend on the model's input, which is not supported");
    if (!v.floats) n.fail("computes with whole numbers, which is not supported");
    if (v.erf) n.fail("reads an Erf that is no part of a GELU, x * (1 + erf(x / sqrt(2))) / 2, which is not supported");
    return v;
  }

  const Shape& shape(const OnnxValue& v) const { return shapes[v.value]; }

  /// Sizes of a sample, as the file has them.
  std::vector<std::int64_t> dims(const OnnxValue& v) const {
    std::vector<std::int64_t> all;
    for (const auto& axis : v.axes) {
      all.push_back(1);
      for (const int i : axis) all.back() *= shape(v)[i];
    }
    return all;
  }

  /// All axes of a plan's value that an order of the file's axes runs through.
  static std::vector<int> sequence(const OnnxValue& v, const Order& order) {
    std::vector<int> all;
    for (const int axis : order)
      for (const int i : v.axes[static_cast<std::size_t>(axis)]) all.push_back(i);
    return all;
  }

  /// Whether a value's numbers lie in memory as the file's axes in this order would have them.
  static bool lies_in(const OnnxValue& v, const Order& order) {
    const std::vector<int> all = sequence(v, order);
    return order.size() == v.axes.size() && std::is_sorted(all.begin(), all.end());
  }

  /// The file's own order of axes.
  static Order as_in_file(std::size_t rank) {
    Order order(rank);
    std::iota(order.begin(), order.end(), 0);
    return order;
  }
  /// (C, H, W) as (H, W, C).
  static Order picture() { return {1, 2, 0}; }

  /// The order of a picture's, or the file's own: the first in which all values lie.
  std::optional<Order> common_order(const std::vector<OnnxValue>& values) const {
    const std::size_t rank = values.front().axes.size();
    std::vector<Order> orders;
    if (rank == 3) orders.push_back(picture());
    orders.push_back(as_in_file(rank));
    for (const Order& order : orders)
      if (std::all_of(values.begin(), values.end(), [&](const OnnxValue& v) { return lies_in(v, order); }))
        return order;
    return std::nullopt;
  }

  /// The value with the axes of its plan's value in that order, one each; a Reshape where their sizes differ.
  OnnxValue in_order(const OnnxOperator& n, const OnnxValue& v, const Order& order) {
    if (!lies_in(v, order))
      n.fail(
          "needs its input's axes in another order than they lie in, which is not supported: pictures are expected "
          "as (N, C, H, W), or all of them as (N, H, W, C)");
    const std::vector<std::int64_t> file = dims(v);
    std::vector<std::int64_t> sizes;
    for (const int axis : order) sizes.push_back(file[static_cast<std::size_t>(axis)]);
    return ordered(reshaped(n, v.value, sizes), order);
  }
  OnnxValue in_order(const OnnxOperator& n, const OnnxValue& v, const std::optional<Order>& order) {
    if (!order) in_order(n, v, Order{});
    return in_order(n, v, *order);
  }

  /// What a value of the plan, axis by axis in this order of the file's, is.
  OnnxValue ordered(std::size_t value, const Order& order) const {
    OnnxValue v{.value = value, .axes = std::vector<std::vector<int>>(order.size())};
    for (std::size_t i = 0; i < order.size(); ++i)
      if (shapes[value][static_cast<int>(i)] != 1) v.axes[static_cast<std::size_t>(order[i])] = {static_cast<int>(i)};
    return v;
  }

  /// An input as pictures (H, W, C). Throws FileError for other ranks.
  OnnxValue pictures(const OnnxOperator& n, std::size_t i) {
    const OnnxValue v = tensor(n, i);
    if (v.axes.size() != 3)
      n.fail("its input has " + std::to_string(v.axes.size() + 1) + " axes, only pictures (N, C, H, W) are supported");
    return in_order(n, v, picture());
  }

  /// The same numbers under other sizes.
  std::size_t reshaped(const OnnxOperator& n, std::size_t value, const std::vector<std::int64_t>& sizes) {
    if (sizes.size() >= static_cast<std::size_t>(Shape::max_rank))
      n.fail("values of more than 6 axes are not supported");
    if (shapes[value] == Shape(sizes.begin(), sizes.end())) return value;
    if (sizes.size() == 1) return add(n, "Flatten", {}, {value});
    return add(n, "Reshape", {{"target_shape", sizes}}, {value});
  }

  /// A layer; gives the number of its value.
  std::size_t add(const OnnxOperator& n, const std::string& type, const Config& config,
                  const std::vector<std::size_t>& inputs, std::vector<OnnxWeight> weights = {}) {
    OnnxLayer layer{type, free_name(n), config, inputs, std::move(weights), n.name() + "\" (" + n.node().op + ")"};
    try {
      const auto made = LayerRegistry<float, Cpu>().make(type, config);
      made->name = layer.name;
      std::vector<Shape> x;
      std::int64_t elements = 0;
      for (const std::size_t value : inputs) {
        x.push_back(shapes[value]);
        if (x.back().size() > most_of_a_sample - elements) n.fail("computes with more than 2^40 numbers a sample");
        elements += x.back().size();
      }
      const auto* merge = made->merge();
      shapes.push_back(merge ? merge->output_shape(std::span<const Shape>(x)) : made->output_shape(x.front()));
    } catch (const ShapeError& e) {
      n.fail(e.what());
    } catch (const ValueError& e) {
      n.fail(e.what());
    }
    at_least_0_.push_back(gives_at_least_0(layer));
    layers.push_back(std::move(layer));
    return layers.size();
  }

  /// Whether no number that a value holds is below 0, so that zeros around it are as good as minus infinity for a
  /// maximum.
  bool is_at_least_0(std::size_t value) const { return at_least_0_[value]; }

 private:
  static constexpr std::int64_t most_of_a_sample = std::int64_t{1} << 40;

  bool gives_at_least_0(const OnnxLayer& layer) const {
    if (layer.type == "Activation") {
      const std::string f = layer.config.get("activation", "linear");
      return f == "relu" || f == "relu6" || f == "sigmoid" || f == "hard_sigmoid" || f == "softplus";
    }
    if (layer.type == "ReLU" || layer.type == "Softmax") return true;  // no ReLU of a file has a slope
    for (const char* type :
         {"MaxPooling2D", "AveragePooling2D", "ZeroPadding2D", "Concatenate", "Add", "Multiply", "Reshape", "Dropout"})
      if (layer.type == type)
        return std::all_of(layer.inputs.begin(), layer.inputs.end(), [&](std::size_t v) { return is_at_least_0(v); });
    return false;
  }

  // The node's name, with a number where it is taken.
  std::string free_name(const OnnxOperator& n) {
    std::string stem = n.name();
    for (char& c : stem)
      if (static_cast<unsigned char>(c) < ' ') c = '_';
    if (stem.empty()) stem = n.node().op;
    std::string name = stem;
    for (int& number = numbers_of_[stem]; !names_.insert(name).second;) name = stem + "_" + std::to_string(++number);
    return name;
  }

  const WireFile* file_;
  const OnnxModel* model_;
  OnnxTensors tensors_;
  std::map<std::string, OnnxValue> values_;
  std::set<std::string> names_;
  std::map<std::string, int> numbers_of_;
  std::vector<bool> at_least_0_{false};  // of each value
  std::int64_t budget_ = std::int64_t{1} << 25;
};

}  // namespace brindle::io::detail
