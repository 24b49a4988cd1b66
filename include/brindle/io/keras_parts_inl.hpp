// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what keras_parts.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/io/config_json.hpp"
#include "brindle/io/keras_parts.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/library_layers.hpp"

namespace brindle::io::detail {

using OrderedJson = nlohmann::ordered_json;

/// (None, sizes...) of a sample's shape.
BRINDLE_INLINE OrderedJson keras_batch_shape(const Shape& sample) {
  OrderedJson sizes = OrderedJson::array({nullptr});
  for (const std::int64_t size : sample) sizes.push_back(size);
  return sizes;
}

BRINDLE_INLINE bool is_finite(const Config::Value& value) {
  if (const auto* one = std::get_if<double>(&value)) return std::isfinite(*one);
  const auto* all = std::get_if<std::vector<double>>(&value);
  return all == nullptr || std::all_of(all->begin(), all->end(), [](double one) { return std::isfinite(one); });
}

/// A layer's settings as Keras writes them.
BRINDLE_INLINE OrderedJson keras_settings(const ModelToWrite::Layer& layer) {
  for (const auto& [key, value] : layer.config.entries())
    if (!is_finite(value))
      brindle::detail::raise<ValueError>("save_keras: " + layer.who + ": " + key +
                                         " is not finite, and Keras's file has no such numbers; give it another");
  OrderedJson json = to_json(layer.config);
  if (layer.type == "Dropout" && json.contains("noise_shape")) {
    OrderedJson sizes = OrderedJson::array({nullptr});  // of the batch, which brindle leaves out
    for (const auto& size : json["noise_shape"]) sizes.push_back(size == -1 ? OrderedJson() : size);
    json["noise_shape"] = sizes;
  }
  for (const ModelToWrite::Variable& variable : layer.variables) {
    if (variable.l2 == 0) continue;
    const std::string of = layer.type == "DepthwiseConv2D" && variable.name == "kernel" ? "depthwise" : variable.name;
    const std::string key = (of.ends_with("_kernel") ? of.substr(0, of.size() - 7) : of) + "_regularizer";
    json[key] = {{"module", "keras.regularizers"},
                 {"class_name", "L2"},
                 {"config", {{"l2", variable.l2}}},
                 {"registered_name", nullptr}};
  }
  // One number for all channels is no list.
  if (layer.type == "Rescaling")
    for (const char* key : {"scale", "offset"})
      if (json.contains(key) && json[key].is_array() && json[key].size() == 1) json[key] = OrderedJson(json[key][0]);
  return json;
}

class KerasPartsBuilder {
 public:
  explicit KerasPartsBuilder(const ModelToWrite& model) : model_(model) {}

  KerasPart build() {
    if (model_.layers.empty())
      brindle::detail::raise<ValueError>("save_keras: the model has no layers; add one before it is saved");
    return model_of({model_.name, 0, model_.layers.size(), false, model_.groups}, 0, {}, false);
  }

 private:
  using Group = ModelToWrite::Group;

  [[noreturn]] static void refuse(const std::string& who, const std::string& what) {
    brindle::detail::raise<ValueError>("save_keras: " + who + ": " + what);
  }

  /// Layers [begin, end) as a model that reads value `input`. prefix: of the names of its layers, "outer/inner/".
  KerasPart model_of(const Group& group, std::size_t input, const std::string& prefix, bool inference) {
    if (std::count(prefix.begin(), prefix.end(), '/') > 16)
      refuse("group \"" + group.name + "\"",
             "groups are nested more than 16 deep, which load_keras does not read either");
    KerasPart model{.kind = "Sequential", .name = group.name};
    model.input = input == 0 ? model_.input : model_.layers[input - 1].output;
    model.output = model_.layers[group.end - 1].output;
    check_name("model \"" + group.name + "\"", group.name);
    std::map<std::size_t, std::size_t> place{{input, 0}};  // of a value, in the model
    std::set<std::string> names;
    const auto add = [&](KerasPart part, const std::string& who, std::size_t value) {
      if (!names.insert(part.name).second)
        refuse(who, "another one in model \"" + group.name + "\" is named \"" + part.name +
                        "\", which Keras does not allow; rename one of them");
      model.parts.push_back(std::move(part));
      place[value] = model.parts.size();
    };
    const auto place_of = [&](std::size_t value, const std::string& who) {
      const auto found = place.find(value);
      if (found == place.end())
        refuse(who, "reads " + (value == 0 ? "the model's input" : model_.layers[value - 1].who) +
                        " across the border of a group, whose layers read one value from outside and give one, as "
                        "a model of Keras inside another does; take the layers out of the group");
      return found->second;
    };
    for (std::size_t i = group.begin, g = 0; i < group.end;) {
      while (g < group.groups.size() && group.groups[g].end <= i) ++g;
      if (g < group.groups.size() && group.groups[g].begin == i) {
        const Group& inner = group.groups[g];
        const std::string who = "group \"" + inner.name + "\"";
        const std::size_t entry = entry_of(inner, who);
        KerasPart part = model_of(inner, entry, prefix + inner.name + "/", inference || inner.inference);
        part.inputs = {place_of(entry, who)};
        part.inference = inner.inference && !inference;
        add(std::move(part), who, inner.end);
        i = inner.end;
        continue;
      }
      const ModelToWrite::Layer& layer = model_.layers[i++];
      KerasPart part = layer_of(layer, prefix, inference);
      for (const std::size_t value : layer.inputs) part.inputs.push_back(place_of(value, layer.who));
      if (part.config.contains("padding") && part.config["padding"].is_array() && part.kind != "ZeroPadding2D") {
        KerasPart zeros{.kind = "ZeroPadding2D", .name = part.name + "_pad", .inputs = part.inputs};
        zeros.config["padding"] = part.config["padding"];
        part.config["padding"] = "valid";
        while (names.count(zeros.name) > 0) zeros.name += "_";
        zeros.output = with_border(model_.layers, model_.input, layer.inputs[0], zeros.config["padding"]);
        add(std::move(zeros), layer.who, layer_value(i));
        part.inputs = {model.parts.size()};
      }
      add(std::move(part), layer.who, i);
    }
    finish(model, names);
    return model;
  }

  // A key of `place` that no value has: of the layer that stands in front of layer i - 1.
  std::size_t layer_value(std::size_t i) const { return model_.layers.size() + i; }

  static Shape with_border(const std::vector<ModelToWrite::Layer>& layers, const Shape& input, std::size_t value,
                           const OrderedJson& border) {
    const Shape& x = value == 0 ? input : layers[value - 1].output;
    const auto both = [&](std::size_t axis) {
      return border[axis][0].get<std::int64_t>() + border[axis][1].get<std::int64_t>();
    };
    return {x[0] + both(0), x[1] + both(1), x[2]};
  }

  /// The one value that the layers of a group read from outside of it.
  std::size_t entry_of(const Group& group, const std::string& who) const {
    std::set<std::size_t> outside;
    for (std::size_t i = group.begin; i < group.end; ++i)
      for (const std::size_t value : model_.layers[i].inputs)
        if (value <= group.begin) outside.insert(value);
    if (outside.size() != 1)
      refuse(who, "its layers read " + std::to_string(outside.size()) +
                      " values from outside of it, and a model of Keras inside another is written with one input; "
                      "take the layers out of the group");
    return *outside.begin();
  }

  /// TensorFlow's names of operations, which Keras makes of a layer's, have these characters alone.
  static void check_name(const std::string& who, const std::string& name) {
    const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.";
    if (!name.empty() && name.size() < 256 && letters.find(name[0]) != std::string::npos &&
        name.find_first_not_of(letters + "_-") == std::string::npos)
      return;
    refuse(who,
           "Keras takes names of up to 255 letters, digits, \"_\", \"-\" and \".\", of which \"_\" and \"-\" are not "
           "the first; rename it");
  }

  KerasPart layer_of(const ModelToWrite::Layer& layer, const std::string& prefix, bool inference) const {
    if (!brindle::detail::is_of_the_library(layer.type))
      refuse(layer.who, "Keras has no layer " + layer.type +
                            "; save the model with save_model, or write the layer in Keras's own");
    KerasPart part{.kind = layer.type, .name = layer.name, .config = keras_settings(layer)};
    // load_keras puts the models around a layer in front of a name that several have.
    if (part.name.starts_with(prefix)) part.name = part.name.substr(prefix.size());
    check_name(layer.who, part.name);
    part.output = layer.output;
    part.trainable = layer.trainable;
    part.merges = layer.merges;
    part.inference = layer.inference && !inference && (layer.type == "BatchNormalization" || layer.type == "Dropout");
    part.variables = layer.variables;
    return part;
  }

  static void finish(KerasPart& model, const std::set<std::string>& names) {
    model.input_name = "input_layer";
    while (names.count(model.input_name) > 0) model.input_name += "_";
    for (std::size_t i = 0; i < model.parts.size(); ++i)
      if (model.parts[i].inputs != std::vector<std::size_t>{i} || model.parts[i].inference || model.parts[i].merges)
        model.kind = "Functional";
  }

  const ModelToWrite& model_;
};

BRINDLE_INLINE KerasPart keras_parts(const ModelToWrite& model) { return KerasPartsBuilder(model).build(); }

// Keras 3, ops/function.py (map_graph): by the longest way to the output, the longest first; among equals those that
// a walk from the output, depth first, meets first.
BRINDLE_INLINE std::vector<std::size_t> keras_order(const KerasPart& model) {
  const std::size_t count = model.parts.size() + 1;
  std::vector<std::size_t> order;
  if (model.kind == "Sequential") {
    for (std::size_t i = 1; i < count; ++i) order.push_back(i);
    return order;
  }
  const auto inputs = [&](std::size_t number) -> const std::vector<std::size_t>& {
    static const std::vector<std::size_t> none;
    return number == 0 ? none : model.parts[number - 1].inputs;
  };
  std::vector<std::size_t> met(count, count), depth(count, 0);
  std::size_t seen = 0;
  std::vector<std::pair<std::size_t, std::size_t>> way{{count - 1, 0}};  // number, how many of its inputs are done
  met[count - 1] = seen++;
  while (!way.empty()) {
    auto& [number, done] = way.back();
    if (done == inputs(number).size()) {
      way.pop_back();
      continue;
    }
    const std::size_t next = inputs(number)[done++];
    if (met[next] < count) continue;
    met[next] = seen++;
    way.emplace_back(next, 0);
  }
  for (std::size_t number = count; number-- > 0;)
    for (const std::size_t read : inputs(number)) depth[read] = std::max(depth[read], depth[number] + 1);
  for (std::size_t number = 0; number < count; ++number) order.push_back(number);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return depth[a] != depth[b] ? depth[a] > depth[b] : met[a] < met[b]; });
  return order;
}

/// A layer or a model as an entry of another model's list of layers, without the call.
BRINDLE_INLINE OrderedJson keras_part_json(const KerasPart& part, bool legacy, const std::string& dtype) {
  if (part.is_model()) return keras_model_json(part, legacy, dtype);
  OrderedJson config{{"name", part.name}, {"trainable", part.trainable}, {"dtype", dtype}};
  config.update(part.config);
  if (legacy) return {{"class_name", part.kind}, {"config", config}};
  return {{"module", "keras.layers"}, {"class_name", part.kind}, {"config", config}, {"registered_name", nullptr}};
}

BRINDLE_INLINE OrderedJson keras_model_json(const KerasPart& model, bool legacy, const std::string& dtype) {
  const bool functional = model.kind == "Functional";
  OrderedJson layers = OrderedJson::array();
  const auto put_input = [&] {
    OrderedJson entry{{"class_name", "InputLayer"},
                      {"config",
                       {{"batch_shape", keras_batch_shape(model.input)},
                        {"dtype", dtype},
                        {"sparse", false},
                        {"name", model.input_name}}}};
    if (!legacy) entry["module"] = "keras.layers", entry["registered_name"] = nullptr;
    if (functional) entry["name"] = model.input_name, entry["inbound_nodes"] = OrderedJson::array();
    layers.push_back(std::move(entry));
  };
  const auto tensor = [&](std::size_t number) {
    const KerasPart* from = number == 0 ? nullptr : &model.parts[number - 1];
    return OrderedJson{{"class_name", "__keras_tensor__"},
                       {"config",
                        {{"shape", keras_batch_shape(from ? from->output : model.input)},
                         {"dtype", dtype},
                         {"keras_history", OrderedJson::array({from ? from->name : model.input_name, 0, 0})}}}};
  };
  if (!functional) put_input();
  for (const std::size_t number : keras_order(model)) {
    if (number == 0) {
      put_input();
      continue;
    }
    const KerasPart& part = model.parts[number - 1];
    OrderedJson entry = keras_part_json(part, legacy, dtype);
    if (functional) {
      OrderedJson arguments = OrderedJson::array(), kwargs = OrderedJson::object();
      for (const std::size_t read : part.inputs) arguments.push_back(tensor(read));
      if (part.merges) arguments = OrderedJson::array({arguments});
      if (part.inference) kwargs["training"] = false;
      entry["name"] = part.name;
      entry["inbound_nodes"] = OrderedJson::array({{{"args", arguments}, {"kwargs", kwargs}}});
    }
    layers.push_back(std::move(entry));
  }
  OrderedJson config{{"name", model.name}, {"trainable", true}, {"layers", std::move(layers)}};
  if (functional) {
    config["input_layers"] = OrderedJson::array({model.input_name, 0, 0});
    config["output_layers"] = OrderedJson::array({model.parts.back().name, 0, 0});
  } else {
    config["dtype"] = dtype;
    config["build_input_shape"] = keras_batch_shape(model.input);
  }
  OrderedJson json;
  if (!legacy) json["module"] = functional ? "keras.src.models.functional" : "keras";
  json["class_name"] = model.kind;
  json["config"] = std::move(config);
  if (!legacy) json["registered_name"] = functional ? OrderedJson("Functional") : OrderedJson();
  return json;
}

}  // namespace brindle::io::detail
