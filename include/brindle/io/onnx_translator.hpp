// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/io/onnx_arithmetic.hpp"
#include "brindle/io/onnx_convolutions.hpp"
#include "brindle/io/onnx_folding.hpp"
#include "brindle/io/onnx_graph.hpp"
#include "brindle/io/onnx_messages.hpp"
#include "brindle/io/onnx_plan.hpp"
#include "brindle/io/onnx_shapes.hpp"

namespace brindle::io::detail {

/// Oldest and latest version of the standard's operators that are read: what one means may change with the next.
inline constexpr std::int64_t onnx_oldest_opset = 7, onnx_latest_opset = 28;

/// What an operator becomes.
struct OnnxImport {
  void (*value)(OnnxGraph&, OnnxOperator&) = nullptr;   ///< of the model's input
  void (*number)(OnnxGraph&, OnnxOperator&) = nullptr;  ///< of numbers that do not depend on it
};

/// By the names of operators.
inline const std::map<std::string, OnnxImport>& onnx_imports() {
  static const std::map<std::string, OnnxImport> all{
      {"Add", {import_binary, fold_arithmetic}},
      {"AveragePool", {import_pool}},
      {"BatchNormalization", {import_batch_normalization}},
      {"Cast", {import_cast, fold_cast}},
      {"Ceil", {nullptr, fold_arithmetic}},
      {"Clip", {import_clip, fold_clip}},
      {"Concat", {[](OnnxGraph& g, OnnxOperator& n) { import_merge(g, n, "Concatenate"); }, fold_concat}},
      {"Constant", {nullptr, import_constant}},
      {"ConstantOfShape", {nullptr, fold_filled}},
      {"Conv", {import_conv}},
      {"Div", {import_binary, fold_arithmetic}},
      {"Dropout", {import_dropout}},
      {"Elu", {import_leaky_relu}},
      {"Erf", {import_erf}},
      {"Flatten", {import_flatten}},
      {"Floor", {nullptr, fold_arithmetic}},
      {"Gather", {nullptr, fold_gather}},
      {"Gelu", {import_activation}},
      {"Gemm", {import_gemm}},
      {"GlobalAveragePool", {import_global_pool}},
      {"GlobalMaxPool", {import_global_pool}},
      {"HardSigmoid", {import_hard_sigmoid}},
      {"HardSwish", {import_activation}},
      {"Identity", {import_identity, import_identity}},
      {"LayerNormalization", {import_layer_normalization}},
      {"LeakyRelu", {import_leaky_relu}},
      {"MatMul", {import_matmul}},
      {"MaxPool", {import_pool}},
      {"Mul", {import_binary, fold_arithmetic}},
      {"Neg",
       {[](OnnxGraph& g, OnnxOperator& n) { g.set_output(n, rescaled(g, n, g.tensor(n, 0), -1, 0)); },
        fold_arithmetic}},
      {"Pad", {import_pad}},
      {"Reciprocal", {nullptr, fold_arithmetic}},
      {"ReduceMax", {import_reduce}},
      {"ReduceMean", {import_reduce}},
      {"Relu", {import_activation}},
      {"Reshape", {nullptr, fold_sizes}},  // of values, OnnxTranslator calls import_reshape
      {"Shape", {import_shape, import_shape}},
      {"Sigmoid", {import_activation}},
      {"Slice", {import_slice, fold_slice}},
      {"Softmax", {import_softmax}},
      {"Softplus", {import_activation}},
      {"Sqrt", {nullptr, fold_arithmetic}},
      {"Squeeze", {import_squeeze, fold_sizes}},
      {"Sub", {import_binary, fold_arithmetic}},
      {"Sum", {[](OnnxGraph& g, OnnxOperator& n) { import_merge(g, n, "Add"); }}},
      {"Swish", {import_activation}},
      {"Tanh", {import_activation}},
      {"Transpose", {import_transpose, fold_transpose}},
      {"Unsqueeze", {import_unsqueeze, fold_sizes}}};
  return all;
}

/// Writes a file's graph as layers.
class OnnxTranslator {
 public:
  /// input: of a sample, (H, W, C), where the file leaves it open. output: that is meant, where there are several.
  OnnxTranslator(const WireFile& file, const OnnxModel& model, const Shape& input, const std::string& output)
      : file_(&file), model_(&model), given_(input) {
    if (model.opset < onnx_oldest_opset || model.opset > onnx_latest_opset)
      fail("opset " + std::to_string(model.opset) + " is not supported, expected " + std::to_string(onnx_oldest_opset) +
           " to " + std::to_string(onnx_latest_opset) + "; export the model with another opset_version");
    choose_output(output);
    choose_nodes();
    choose_input();
  }

  /// Pictures are (N, C, H, W) in the file, or, where that does not work, (N, H, W, C). Throws FileError: where neither
  /// does, that of the one with which more nodes could be read.
  OnnxPlan plan() const {
    std::size_t read_first = 0, read_last = 0;  // nodes
    if (input_->dims.size() != 4) return plan(false, read_last);
    try {
      return plan(true, read_first);
    } catch (const FileError& first) {
      try {
        return plan(false, read_last);
      } catch (const FileError&) {
        if (read_last > read_first) throw;
        throw first;
      }
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    brindle::detail::raise<FileError>(file_->path + ": " + what);
  }

  void choose_output(const std::string& wanted) {
    std::string names;
    for (const OnnxValueInfo& output : model_->outputs) {
      names += (names.empty() ? "\"" : ", \"") + output.name + "\"";
      if (output.name == wanted || (wanted.empty() && model_->outputs.size() == 1)) output_ = &output;
    }
    if (!output_)
      fail("has the outputs " + names + ", expected one" +
           (wanted.empty() ? "; choose with the option output" : " named \"" + wanted + "\""));
    if (output_->type != OnnxType::undefined && OnnxTensors::is_integer(output_->type))
      fail("its output \"" + output_->name + "\" is no tensor of floats");
  }

  // Those that the output depends on, in the file's order.
  void choose_nodes() {
    std::set<std::string> needed{output_->name};
    for (std::size_t i = model_->nodes.size(); i-- > 0;) {
      const OnnxNode& node = model_->nodes[i];
      if (std::none_of(node.outputs.begin(), node.outputs.end(),
                       [&](const std::string& name) { return !name.empty() && needed.count(name) > 0; }))
        continue;
      for (std::size_t k = 1; k < node.outputs.size(); ++k)
        if (needed.count(node.outputs[k]) > 0)
          OnnxOperator(file_->path, node, model_->opset).fail("its output " + std::to_string(k) + " is not supported");
      nodes_.insert(nodes_.begin(), &node);
      needed.insert(node.inputs.begin(), node.inputs.end());
    }
    for (const OnnxNode* node : nodes_) check(*node);
    for (const OnnxValueInfo& input : model_->inputs)
      if (needed.count(input.name) > 0 && model_->initializers.count(input.name) == 0) inputs_.push_back(&input);
  }

  // All that can be said of a node alone, before anything is computed.
  void check(const OnnxNode& node) const {
    const OnnxOperator n(file_->path, node, model_->opset);
    for (const char* part : {"Quantize", "QLinear", "MatMulInteger", "ConvInteger", "QGemm", "DynamicQuantize"})
      if (node.op.find(part) != std::string::npos)
        n.fail("the model is quantised, which is not supported; export the model of floats");
    if (!is_standard_domain(node.domain)) n.fail("operators of domain \"" + node.domain + "\" are not supported");
    if (onnx_imports().count(node.op) == 0) n.fail("the operator is not supported");
    for (const OnnxAttribute& a : node.attributes)
      if (a.graph) n.fail("attribute " + a.name + " is a graph, which is not supported");
  }

  void choose_input() {
    std::string names;
    for (const OnnxValueInfo* input : inputs_) names += (names.empty() ? "\"" : ", \"") + input->name + "\"";
    if (inputs_.size() != 1)
      fail("has " + (inputs_.empty() ? std::string("no input") : "the inputs " + names) + ", expected one");
    input_ = inputs_[0];
    if (OnnxTensors::is_integer(input_->type) && input_->type != OnnxType::uint8)
      fail("its input \"" + input_->name + "\" is no tensor of floats");
    if (!input_->has_shape || input_->dims.size() < 2 || input_->dims.size() > 6)
      fail("its input \"" + input_->name + "\" has " + std::to_string(input_->dims.size()) +
           " axes, expected the batch and one to five more");
  }

  // Of a sample, here.
  Shape input_shape(const OnnxGraph::Order& order) const {
    std::vector<std::int64_t> sizes;
    bool open = false;
    for (const int axis : order) {
      sizes.push_back(input_->dims[static_cast<std::size_t>(axis) + 1]);
      open = open || sizes.back() < 0;
      if (sizes.back() == 0 || sizes.back() > (std::int64_t{1} << 24))
        fail("its input has a size of " + std::to_string(sizes.back()));
    }
    if (given_.rank() == 0) {
      if (open)
        fail("leaves the size of its input open; give it as (H, W, C): load_onnx(path, {.input = {224, 224, 3}})");
      return checked(sizes);
    }
    bool fits = given_.rank() == static_cast<int>(sizes.size());
    for (std::size_t i = 0; fits && i < sizes.size(); ++i)
      fits = given_[static_cast<int>(i)] > 0 && (sizes[i] < 0 || sizes[i] == given_[static_cast<int>(i)]);
    if (!fits)
      fail("takes samples " + onnx_sizes_text(sizes) + " (-1: any), got the option input " + to_string(given_));
    return given_;
  }

  Shape checked(const std::vector<std::int64_t>& sizes) const {
    std::int64_t all = 1;
    for (const std::int64_t size : sizes) {
      if (all > (std::int64_t{1} << 40) / size) fail("its input has more than 2^40 numbers a sample");
      all *= size;
    }
    return Shape(sizes.begin(), sizes.end());
  }

  // read: becomes the number of nodes that could be read.
  OnnxPlan plan(bool channels_first, std::size_t& read) const {
    OnnxGraph g(*file_, *model_);
    const OnnxGraph::Order order =
        channels_first ? OnnxGraph::picture() : OnnxGraph::as_in_file(input_->dims.size() - 1);
    g.shapes.push_back(input_shape(order));
    OnnxValue input = g.ordered(0, order);
    input.floats = input_->type != OnnxType::uint8;
    g.set(input_->name, input);
    for (const OnnxNode* node : nodes_) {
      OnnxOperator n(file_->path, *node, model_->opset);
      translate(g, n);
      n.finish();
      ++read;
    }
    const OnnxNode last{.name = output_->name, .op = "output", .outputs = {output_->name}};
    OnnxOperator n(file_->path, last, model_->opset);
    const OnnxValue* found = g.find(output_->name);
    if (!found || found->constant) fail("its output \"" + output_->name + "\" does not depend on its input");
    OnnxValue output = *found;
    if (output.erf) fail("its output \"" + output_->name + "\" is an Erf, which is not supported");
    const auto output_order = g.common_order({output});
    output = g.in_order(n, output, output_order);
    if (output.value == 0) output.value = g.add(n, "Activation", {{"activation", "linear"}}, {0});
    return OnnxSimplifier({g.shapes[0], std::move(g.layers), order, *output_order}, g.shapes, output.value)
        .simplified();
  }

  void translate(OnnxGraph& g, OnnxOperator& n) const {
    const OnnxImport& importer = onnx_imports().at(n.node().op);
    bool constant = true;
    for (std::size_t i = 0; i < n.node().inputs.size(); ++i)
      constant = constant && (!n.has_input(i) || g.is_constant(n, i));
    if (constant) {
      if (!importer.number) n.fail("does not depend on the model's input, which is not supported for this operator");
      return importer.number(g, n);
    }
    if (n.node().op == "Reshape") return import_reshape(g, n, input_->dims[0]);
    if (!importer.value) n.fail("depends on the model's input, which is not supported for this operator");
    importer.value(g, n);
  }

  const WireFile* file_;
  const OnnxModel* model_;
  Shape given_;
  std::vector<const OnnxNode*> nodes_;
  std::vector<const OnnxValueInfo*> inputs_;
  const OnnxValueInfo* input_ = nullptr;
  const OnnxValueInfo* output_ = nullptr;
};

}  // namespace brindle::io::detail
