// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/file.hpp"
#include "brindle/io/onnx_wire_writer.hpp"

namespace brindle::io::detail {

/// An attribute of a node that is written.
struct OnnxSetting {
  /// As AttributeProto numbers them.
  enum Kind { number = 1, integer = 2, text = 3, integers = 7 };

  std::string name;
  Kind kind;
  double f = 0;                         ///< of a number
  std::int64_t i = 0;                   ///< of an integer
  std::string s = {};                   ///< of a text
  std::vector<std::int64_t> ints = {};  ///< of integers

  /// A setting of each kind.
  /// @{
  static OnnxSetting of(const std::string& name, double value) { return {name, number, value}; }
  static OnnxSetting of(const std::string& name, std::int64_t value) { return {name, integer, 0, value}; }
  static OnnxSetting of(const std::string& name, const char* value) { return {name, text, 0, 0, value}; }
  static OnnxSetting of(const std::string& name, const std::vector<std::int64_t>& value) {
    return {name, integers, 0, 0, {}, value};
  }
  /// @}
};

/// A graph of ONNX that is being written: nodes, each with one output, in the order of computing, and the arrays that
/// they read. Field numbers are those of onnx.proto.
class OnnxGraphWriter {
 public:
  static constexpr std::int64_t ir_version = 8;  ///< of the format
  static constexpr std::int64_t opset = 17;      ///< of the operators

  /// A name of a value or node that there is not yet: this one, or with a number behind it.
  std::string free_name(const std::string& wanted) {
    std::string name = wanted;
    for (int n = 1; !names_.insert(name).second; ++n) name = wanted + "_" + std::to_string(n);
    return name;
  }

  /// Adds a node; gives the name of its output, which is the node's own.
  std::string add(const std::string& op, const std::string& wanted, const std::vector<std::string>& inputs,
                  const std::vector<OnnxSetting>& settings = {}) {
    nodes_.push_back({op, free_name(wanted), inputs, settings});
    return nodes_.back().name;
  }

  /// Adds an array of floats; gives its name.
  std::string add_floats(const std::string& wanted, const std::vector<std::int64_t>& sizes, std::vector<float> values) {
    brindle::detail::swap_little_endian(values.data(), values.size() * sizeof(float), sizeof(float));
    arrays_.push_back({free_name(wanted), sizes, 1, std::move(values), {}});
    return arrays_.back().name;
  }
  /// Adds an array of whole numbers, in one row; gives its name.
  std::string add_integers(const std::string& wanted, std::vector<std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    brindle::detail::swap_little_endian(values.data(), values.size() * sizeof(std::int64_t), sizeof(std::int64_t));
    arrays_.push_back({free_name(wanted), {count}, 7, {}, std::move(values)});
    return arrays_.back().name;
  }

  /// Writes the model, whole or not at all. Sizes are of one sample; the number of samples is left open. metadata:
  /// texts beside the graph. Throws FileError that begins with the path.
  void write(const std::filesystem::path& path, const std::string& name, const std::string& input,
             const std::vector<std::int64_t>& input_sizes, const std::string& output,
             const std::vector<std::int64_t>& output_sizes, const std::map<std::string, std::string>& metadata) const {
    WireWriter graph;
    for (const Node& node : nodes_) graph.message(1, message(node));
    graph.text(2, name);
    graph.message(11, value_message(input, input_sizes));
    graph.message(12, value_message(output, output_sizes));
    // The elements are written from where they are; only what stands in front of them is made.
    std::vector<WireWriter> fronts;
    std::uint64_t size = graph.bytes().size();
    for (const Array& array : arrays_) {
      WireWriter inner;
      inner.integers(1, array.sizes);
      inner.integer(2, array.type);
      inner.text(8, array.name);
      inner.length(9, array.bytes().size());
      WireWriter front;
      front.length(5, inner.bytes().size() + array.bytes().size());
      fronts.push_back(joined(front, inner));
      size += fronts.back().bytes().size() + array.bytes().size();
    }
    WireWriter model;
    model.integer(1, ir_version);
    model.text(2, "brindle");
    WireWriter operators;
    operators.text(1, "");
    operators.integer(2, opset);
    model.message(8, operators);
    for (const auto& [key, value] : metadata) {
      WireWriter entry;
      entry.text(1, key);
      entry.text(2, value);
      model.message(14, entry);
    }
    model.length(7, size);
    std::vector<std::string_view> parts{model.bytes(), graph.bytes()};
    for (std::size_t i = 0; i < arrays_.size(); ++i) {
      parts.push_back(fronts[i].bytes());
      parts.push_back(arrays_[i].bytes());
    }
    replace_file(path, parts, {.sync = true});
  }

 private:
  struct Node {
    std::string op, name;
    std::vector<std::string> inputs;
    std::vector<OnnxSetting> settings;
  };
  struct Array {
    std::string name;
    std::vector<std::int64_t> sizes;
    std::int64_t type;  ///< as TensorProto numbers them: 1 floats, 7 whole numbers of 64 bits
    // In the order of the file's bytes.
    std::vector<float> floats;
    std::vector<std::int64_t> integers;

    std::string_view bytes() const {
      if (type == 1) return {reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float)};
      return {reinterpret_cast<const char*>(integers.data()), integers.size() * sizeof(std::int64_t)};
    }
  };

  static WireWriter joined(const WireWriter& a, const WireWriter& b) {
    WireWriter all = a;
    all.append(b);
    return all;
  }

  static WireWriter message(const Node& node) {
    WireWriter m;
    for (const std::string& input : node.inputs) m.text(1, input);
    m.text(2, node.name);
    m.text(3, node.name);
    m.text(4, node.op);
    for (const OnnxSetting& setting : node.settings) {
      WireWriter a;
      a.text(1, setting.name);
      if (setting.kind == OnnxSetting::number) a.number(2, static_cast<float>(setting.f));
      if (setting.kind == OnnxSetting::integer) a.integer(3, setting.i);
      if (setting.kind == OnnxSetting::text) a.text(4, setting.s);
      if (setting.kind == OnnxSetting::integers)
        for (const std::int64_t value : setting.ints) a.integer(8, value);
      a.integer(20, setting.kind);
      m.message(5, a);
    }
    return m;
  }

  // A value of floats.
  static WireWriter value_message(const std::string& name, const std::vector<std::int64_t>& sizes) {
    WireWriter shape;
    WireWriter samples;
    samples.text(2, "N");
    shape.message(1, samples);
    for (const std::int64_t size : sizes) {
      WireWriter dimension;
      dimension.integer(1, size);
      shape.message(1, dimension);
    }
    WireWriter tensor;
    tensor.integer(1, 1);
    tensor.message(2, shape);
    WireWriter type;
    type.message(1, tensor);
    WireWriter value;
    value.text(1, name);
    value.message(2, type);
    return value;
  }

  std::vector<Node> nodes_;
  std::vector<Array> arrays_;
  std::set<std::string> names_;
};

}  // namespace brindle::io::detail
