// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brindle/io/onnx_wire.hpp"

// What an ONNX file holds (onnx/onnx.proto), as far as a model for prediction has it. Names that the file gives are
// kept as they are; the bytes of tensors stay where they lie in the file.
namespace brindle::io::detail {

/// TensorProto.DataType.
enum class OnnxType : std::int64_t {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  string = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  bfloat16 = 16
};

/// TensorProto.
struct OnnxTensor {
  std::string name;
  OnnxType type = OnnxType::undefined;
  std::vector<std::int64_t> dims;
  std::optional<std::span<const std::uint8_t>> raw;  ///< raw_data, in the file
  std::vector<float> floats;                         ///< float_data
  std::vector<double> doubles;                       ///< double_data
  std::vector<std::int64_t> integers;                ///< int32_data, int64_data or uint64_data
  bool external = false;                             ///< the numbers stand in another file
  std::map<std::string, std::string> place;          ///< where: location, offset, length
};

/// AttributeProto.
struct OnnxAttribute {
  std::string name;
  float f = 0;
  std::int64_t i = 0;
  std::string s;
  std::optional<OnnxTensor> tensor;
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
  std::vector<std::string> strings;
  bool graph = false;  ///< it is a graph, or several; they are not read
};

/// NodeProto.
struct OnnxNode {
  std::string name = {}, op = {}, domain = {};
  std::vector<std::string> inputs = {}, outputs = {};
  std::vector<OnnxAttribute> attributes = {};
};

/// ValueInfoProto of a tensor.
struct OnnxValueInfo {
  std::string name;
  OnnxType type = OnnxType::undefined;
  bool has_shape = false;
  std::vector<std::int64_t> dims;  ///< -1: open
};

/// ModelProto with its GraphProto.
struct OnnxModel {
  std::int64_t ir_version = 0, opset = 0;  ///< opset: of the standard's operators; 0: the file does not say
  std::string graph_name;
  std::vector<OnnxNode> nodes;
  std::map<std::string, OnnxTensor> initializers;
  std::vector<OnnxValueInfo> inputs, outputs;
  std::map<std::string, std::string> metadata;
  bool has_graph = false;
};

/// The name of the standard's own operators, which is "" in most files.
inline bool is_standard_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

/// A StringStringEntryProto.
inline void read_entry(WireReader message, std::map<std::string, std::string>& to) {
  std::string key, value;
  for (WireField field; message.next(field);) {
    if (field.number == 1) key = message.text(field, "a key");
    if (field.number == 2) value = message.text(field, "a value");
  }
  to[key] = value;
}

inline OnnxTensor read_tensor(WireReader message) {
  OnnxTensor t;
  for (WireField field; message.next(field);) switch (field.number) {
      case 1:
        message.append_integers(field, "the sizes of a tensor", t.dims);
        break;
      case 2:
        t.type = static_cast<OnnxType>(message.integer(field, "the type of a tensor"));
        break;
      case 4:
        message.append_numbers(field, "float_data", t.floats);
        break;
      case 5:
      case 7:
      case 11:
        message.append_integers(field, "the whole numbers of a tensor", t.integers);
        break;
      case 8:
        t.name = message.text(field, "the name of a tensor");
        break;
      case 9:
        t.raw = message.bytes(field, "raw_data");
        break;
      case 10:
        message.append_numbers(field, "double_data", t.doubles);
        break;
      case 13:
        read_entry({message.file(), field, "external_data"}, t.place);
        break;
      case 14:
        t.external = message.integer(field, "data_location") == 1;
        break;
      default:
        break;
    }
  return t;
}

inline OnnxAttribute read_attribute(WireReader message) {
  OnnxAttribute a;
  for (WireField field; message.next(field);) switch (field.number) {
      case 1:
        a.name = message.text(field, "the name of an attribute");
        break;
      case 2:
        a.f = message.number(field, "an attribute");
        break;
      case 3:
        a.i = message.integer(field, "an attribute");
        break;
      case 4:
        a.s = message.text(field, "an attribute");
        break;
      case 5:
        a.tensor = read_tensor({message.file(), field, "a tensor"});
        break;
      case 6:
      case 11:
        a.graph = true;
        break;
      case 7:
        message.append_numbers(field, "an attribute's numbers", a.floats);
        break;
      case 8:
        message.append_integers(field, "an attribute's whole numbers", a.ints);
        break;
      case 9:
        a.strings.push_back(message.text(field, "an attribute's text"));
        break;
      default:
        break;
    }
  return a;
}

inline OnnxNode read_node(WireReader message) {
  OnnxNode n;
  for (WireField field; message.next(field);) switch (field.number) {
      case 1:
        n.inputs.push_back(message.text(field, "the input of a node"));
        break;
      case 2:
        n.outputs.push_back(message.text(field, "the output of a node"));
        break;
      case 3:
        n.name = message.text(field, "the name of a node");
        break;
      case 4:
        n.op = message.text(field, "the operator of a node");
        break;
      case 5:
        n.attributes.push_back(read_attribute({message.file(), field, "an attribute"}));
        break;
      case 7:
        n.domain = message.text(field, "the domain of a node");
        break;
      default:
        break;
    }
  return n;
}

/// The sizes of TypeProto.Tensor.shape.
inline std::vector<std::int64_t> read_dims(WireReader shape) {
  std::vector<std::int64_t> dims;
  for (WireField field; shape.next(field);) {
    if (field.number != 1) continue;
    std::int64_t size = -1;
    WireReader dim(shape.file(), field, "a size");
    for (WireField of; dim.next(of);)
      if (of.number == 1) size = dim.integer(of, "a size");
    dims.push_back(size);
  }
  return dims;
}

inline OnnxValueInfo read_value_info(WireReader message) {
  OnnxValueInfo v;
  for (WireField field; message.next(field);) {
    if (field.number == 1) v.name = message.text(field, "the name of a value");
    if (field.number != 2) continue;
    WireReader type(message.file(), field, "the type of a value");
    for (WireField kind; type.next(kind);) {
      if (kind.number != 1) continue;  // no tensor
      WireReader tensor(message.file(), kind, "the type of a value");
      for (WireField of; tensor.next(of);) {
        if (of.number == 1) v.type = static_cast<OnnxType>(tensor.integer(of, "the type of a value"));
        if (of.number == 2) {
          v.dims = read_dims({message.file(), of, "the shape of a value"});
          v.has_shape = true;
        }
      }
    }
  }
  return v;
}

inline void read_graph(WireReader message, OnnxModel& model) {
  model.has_graph = true;
  for (WireField field; message.next(field);) switch (field.number) {
      case 1:
        model.nodes.push_back(read_node({message.file(), field, "a node"}));
        break;
      case 2:
        model.graph_name = message.text(field, "the name of the graph");
        break;
      case 5: {
        OnnxTensor tensor = read_tensor({message.file(), field, "an initializer"});
        const std::string name = tensor.name;
        if (!model.initializers.emplace(name, std::move(tensor)).second)
          message.file().fail(field.begin, "two initializers are named \"" + name + "\"");
        break;
      }
      case 11:
        model.inputs.push_back(read_value_info({message.file(), field, "an input"}));
        break;
      case 12:
        model.outputs.push_back(read_value_info({message.file(), field, "an output"}));
        break;
      case 15:
        message.file().fail(field.begin, "a sparse initializer, which is not supported");
      default:
        break;
    }
}

/// A whole file. Throws FileError for one that is no model.
inline OnnxModel read_onnx_model(const WireFile& file) {
  OnnxModel model;
  WireReader message(file, 0, file.bytes.size());
  for (WireField field; message.next(field);) switch (field.number) {
      case 1:
        model.ir_version = message.integer(field, "ir_version");
        break;
      case 7:
        read_graph({file, field, "the graph"}, model);
        break;
      case 8: {
        std::string domain;
        std::int64_t version = 0;
        WireReader opset(file, field, "opset_import");
        for (WireField of; opset.next(of);) {
          if (of.number == 1) domain = opset.text(of, "a domain");
          if (of.number == 2) version = opset.integer(of, "an opset's version");
        }
        if (is_standard_domain(domain)) model.opset = version;
        break;
      }
      case 14:
        read_entry({file, field, "metadata_props"}, model.metadata);
        break;
      default:
        break;
    }
  if (!model.has_graph)
    brindle::detail::raise<FileError>(file.path + ": holds no graph; this is no ONNX file, or an empty one");
  return model;
}

}  // namespace brindle::io::detail
