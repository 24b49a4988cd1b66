// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brindle/io/json.hpp"

namespace brindle::io::detail {

using KerasJson = nlohmann::json;

/// What a layer of a functional model is called with: a layer's output, or a number.
struct KerasArgument {
  std::string layer;  ///< by its name within the model; empty: a number
  bool first = true;  ///< the first of the outputs that this layer has
  double number = 0;  ///< if there is no layer
  bool is_number() const { return layer.empty(); }
};

/// A call of a layer, which Keras calls an inbound node.
struct KerasCall {
  std::vector<KerasArgument> arguments;  ///< in the order of the call
  std::optional<bool> training;          ///< base(x, training=False)
  bool keras3 = false;                   ///< written by Keras 3, which writes down a call's defaults, too
  std::vector<std::string> others = {};  ///< what else it is called with: "axis = 3"
};

/// Reads calls as Keras 2 writes them, [["x", 0, 0, {}]], and Keras 3, {"args": [..], "kwargs": {..}}.
class KerasCallReader {
 public:
  static KerasCall read(const KerasJson& node) {
    KerasCall call;
    if (node.is_object()) {
      call.keras3 = true;
      if (node.contains("args")) add_value(node.at("args"), 0, call);
      if (node.contains("kwargs")) add_settings(node.at("kwargs"), call);
    } else if (is_source(node)) {
      add_source(node, call);
    } else if (node.is_array()) {
      for (const KerasJson& source : node) is_source(source) ? add_source(source, call) : add_other("", source, call);
    } else {
      add_other("", node, call);
    }
    return call;
  }

 private:
  // [name, number of the call, number of the output, settings], or ["_CONSTANT_VALUE", -1, number, settings].
  static bool is_source(const KerasJson& json) {
    return json.is_array() && json.size() >= 3 && json[0].is_string() && json[1].is_number();
  }

  static void add_source(const KerasJson& json, KerasCall& call) {
    const auto name = json[0].get<std::string>();
    if (name == "_CONSTANT_VALUE")
      add_value(json[2], 0, call);
    else
      add_layer(name, json[2], call);
    if (json.size() > 3) add_settings(json[3], call);
  }

  static void add_layer(const std::string& name, const KerasJson& output, KerasCall& call) {
    call.arguments.push_back({name, output == 0});
    if (name.empty()) add_other("", KerasJson(name), call);
  }

  static void add_other(const std::string& key, const KerasJson& value, KerasCall& call) {
    std::string text = value.dump(-1, ' ', false, KerasJson::error_handler_t::replace);
    if (text.size() > 100) text = text.substr(0, 100) + "...";
    call.others.push_back(key.empty() ? text : key + " = " + text);
  }

  // A tensor, a number, or lists of them.
  static void add_value(const KerasJson& value, int depth, KerasCall& call) {
    const auto is = [&](const char* kind) { return value.is_object() && value.value("class_name", "") == kind; };
    if (value.is_null()) return;
    if (value.is_number() && std::isfinite(value.get<double>())) {
      call.arguments.push_back({{}, true, value.get<double>()});
    } else if (is_source(value)) {
      add_source(value, call);
    } else if (value.is_array() && depth < 4) {
      for (const KerasJson& one : value) add_value(one, depth + 1, call);
    } else if (is("__keras_tensor__")) {
      const KerasJson& history = value.at("config").at("keras_history");
      add_layer(history.at(0).get<std::string>(), history.at(2), call);
    } else if ((is("__tuple__") || is("__tensor__") || is("__numpy__")) && depth < 4) {
      add_value(value.at("config").at("value"), depth + 1, call);
    } else {
      add_other("", value, call);
    }
  }

  static void add_settings(const KerasJson& settings, KerasCall& call) {
    for (const auto& [key, value] : settings.items()) {
      if (value.is_null() || key == "name") continue;
      if (key == "training" && value.is_boolean())
        call.training = value.get<bool>();
      else if (key == "inputs" || key == "x" || key == "y" || key == "x1" || key == "x2")
        add_value(value, 0, call);
      else
        add_other(key, value, call);
    }
  }
};

/// Arithmetic of a layer with numbers, and of two layers, which Keras 3 writes as layers of its own ("Add" of
/// keras.src.ops.numpy) and Keras 2 as "TFOpLambda" of a function.
struct KerasOperation {
  std::string type;              ///< the layer that computes it: Rescaling, Add or Multiply; empty: none does
  double scale = 1, offset = 0;  ///< of a Rescaling
};

/// What Keras 3 calls the operation that a layer is; empty: it is none.
inline std::string keras_operation(const std::string& kind, const KerasJson& settings, const KerasCall& call) {
  std::string name = kind;
  if (kind == "TFOpLambda") {
    const std::string function = settings.value("function", "");
    name = function.substr(function.rfind('.') + 1);
    for (const auto& [from, to] : {std::pair("add", "Add"),
                                   {"sub", "Subtract"},
                                   {"subtract", "Subtract"},
                                   {"mul", "Multiply"},
                                   {"multiply", "Multiply"},
                                   {"truediv", "TrueDivide"},
                                   {"divide", "TrueDivide"},
                                   {"negative", "Negative"},
                                   {"neg", "Negative"}})
      if (name == from) return to;
    return {};
  }
  bool number = false;
  for (const KerasArgument& argument : call.arguments) number = number || argument.is_number();
  if (name == "Divide" || name == "TrueDivide") return "TrueDivide";
  if (name == "Negative") return name;
  return number && (name == "Add" || name == "Subtract" || name == "Multiply") ? name : std::string();
}

/// The layer of ours that computes an operation.
inline KerasOperation computed_operation(const std::string& name, const KerasCall& call) {
  const auto& a = call.arguments;
  if (a.size() == 1 && !a[0].is_number() && name == "Negative") return {"Rescaling", -1, 0};
  if (a.size() != 2 || (a[0].is_number() && a[1].is_number())) return {};
  if (!a[0].is_number() && !a[1].is_number()) return {name == "Add" || name == "Multiply" ? name : std::string()};
  const bool first = a[0].is_number();  // 1 - x
  const double number = first ? a[0].number : a[1].number;
  if (name == "Add") return {"Rescaling", 1, number};
  if (name == "Multiply") return {"Rescaling", number, 0};
  if (name == "Subtract")
    return first ? KerasOperation{"Rescaling", -1, number} : KerasOperation{"Rescaling", 1, -number};
  if (name == "TrueDivide" && !first && number != 0) return {"Rescaling", 1 / number, 0};
  return {};
}

}  // namespace brindle::io::detail
