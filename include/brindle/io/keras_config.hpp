// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/io/config_json.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/keras_model.hpp"
#include "brindle/io/keras_node.hpp"
#include "brindle/io/parse_json.hpp"

namespace brindle::io::detail {

/// Reads configurations by Keras 1 (as far as its layers have today's names), 2 and 3. Every error is a FileError.
class KerasConfigReader {
 public:
  KerasConfigReader(std::string path, std::string version) : path_(std::move(path)), version_(std::move(version)) {}

  KerasModel read(const std::string& text) {
    const KerasJson json = parse_json(text);
    if (!json.is_object()) fail("the configuration of the model is no JSON, or nests more than 100 deep");
    try {
      const std::string kind = json.at("class_name").get<std::string>();
      if (!is_model(kind)) fail("is a " + kind + ", expected a Sequential or a Functional model");
      if (add_model(json, {}, 0) != model_.layers.size())
        fail("what the last of its layers gives is not the model's output");
      return std::move(model_);
    } catch (const nlohmann::json::exception& e) {
      fail(std::string("the configuration of the model cannot be understood: ") + e.what());
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { brindle::detail::raise<FileError>(path_ + ": " + what); }

  static bool is_model(const std::string& kind) {
    return kind == "Sequential" || kind == "Functional" || kind == "Model";
  }

  /// What holds for a layer because of the models around it.
  struct Around {
    std::vector<std::string> models = {}, kinds = {};  ///< see KerasLayer
    bool trainable = true, inference = false;
    std::string of = {};                      ///< for messages: of model "m/inner"
    std::vector<bool> models_inference = {};  ///< see KerasLayer
  };

  /// Adds the layers of a model that reads value `input`; gives the value of its output.
  std::size_t add_model(const KerasJson& json, Around around, std::size_t input) {
    if (around.models.size() > 16) fail("nests models more than 16 deep");
    const KerasJson& config = json.at("config");
    // Keras before 2.2.3 wrote a Sequential's layers without a name for it.
    const KerasJson& layers = config.is_array() ? config : config.at("layers");
    if (!layers.is_array()) fail("a model's \"layers\" are no list");
    const std::string name = config.is_array() ? json.value("name", "sequential") : config.value("name", "model");
    if (around.models.empty()) model_.name = name;
    std::string path = model_.name;
    for (const std::string& model : around.models) path += "/" + model;
    around.of = " of model \"" + path + "\"";
    around.trainable = around.trainable && (config.is_array() || config.value("trainable", true));

    std::vector<Stated> stated;
    std::map<std::string, int> count;  // Keras 3 counts the layers of a kind, in the order of the file
    for (std::size_t i = 0; i < layers.size(); ++i) {
      Stated layer{&layers[i], layers[i].at("class_name").get<std::string>(), {}, {}, {}, {}};
      const KerasJson& settings = layers[i].at("config");
      layer.name = settings.is_array() ? std::string("sequential") : settings.value("name", layer.kind);
      layer.where = "layer " + std::to_string(i + 1) + " \"" + layer.name + "\" (" + layer.kind + ")" + around.of;
      const std::string stem = !is_model(layer.kind)        ? snake_case(layer.kind)
                               : layer.kind == "Sequential" ? "sequential"
                                                            : "functional";
      const int number = count[stem]++;
      layer.key = number == 0 ? stem : stem + "_" + std::to_string(number);
      stated.push_back(std::move(layer));
    }
    if (json.at("class_name") != "Sequential") return add_graph(config, stated, around, input);

    std::size_t value = input;
    for (const Stated& layer : stated) value = add_layer(layer, around, {value});
    if (around.models.empty() && !config.is_array()) read_input(config, "build_input_shape", false);
    return value;
  }

  /// A layer, or a model within the model, as the file states it.
  struct Stated {
    const KerasJson* json;
    std::string kind, name, where, key;
    KerasCall call;  ///< none in a Sequential
  };

  /// The layers of a functional model, in the file's order where that is one in which they can be computed.
  std::size_t add_graph(const KerasJson& config, std::vector<Stated>& layers, const Around& around, std::size_t input) {
    const std::vector<KerasArgument> from = ends_of(config, "input_layers"), to = ends_of(config, "output_layers");
    if (from.size() != 1 || to.size() != 1 || !to[0].first)
      fail("there are " + std::to_string(from.size()) + " inputs and " + std::to_string(to.size()) + " outputs" +
           around.of + ", one of each is supported");
    std::map<std::string, std::size_t> by_name;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      // Keras 2 has the name beside the settings as well.
      layers[i].name = layers[i].json->at("name").get<std::string>();
      if (!by_name.emplace(layers[i].name, i).second) fail(layers[i].where + ": another layer has its name");
    }
    const auto ends = [&](const KerasArgument& end, const char* what) {
      const auto found = by_name.find(end.layer);
      if (found == by_name.end())
        fail("there is no layer \"" + end.layer + "\"" + around.of + ", which is its " + what);
      return found->second;
    };
    const std::size_t first = ends(from[0], "input"), last = ends(to[0], "output");

    std::vector<std::vector<std::size_t>> readers(layers.size());
    std::vector<std::size_t> missing(layers.size(), 0);  // inputs that are not computed yet
    for (std::size_t i = 0; i < layers.size(); ++i) {
      read_call(layers[i], i == first);
      for (const KerasArgument& argument : layers[i].call.arguments) {
        if (argument.is_number()) continue;
        const auto found = by_name.find(argument.layer);
        if (found == by_name.end())
          fail(layers[i].where + ": reads \"" + argument.layer + "\", and there is no such layer");
        if (!argument.first)
          fail(layers[i].where + ": reads a second output of \"" + argument.layer + "\"; one is supported");
        readers[found->second].push_back(i);
        ++missing[i];
      }
    }
    std::vector<std::size_t> values(layers.size(), 0);
    std::set<std::size_t> ready;
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (missing[i] == 0) ready.insert(i);
    std::size_t done = 0;
    for (; !ready.empty(); ++done) {
      const std::size_t i = *ready.begin();
      ready.erase(ready.begin());
      std::vector<std::size_t> inputs;
      for (const KerasArgument& argument : layers[i].call.arguments)
        if (!argument.is_number()) inputs.push_back(values[by_name.at(argument.layer)]);
      values[i] = add_layer(layers[i], around, i == first ? std::vector<std::size_t>{input} : inputs);
      for (const std::size_t reader : readers[i])
        if (--missing[reader] == 0) ready.insert(reader);
    }
    if (done < layers.size())
      for (std::size_t i = 0; i < layers.size(); ++i)
        if (missing[i] > 0) fail(layers[i].where + ": waits for itself, the layers read each other in a circle");
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (readers[i].empty() && i != last) fail(layers[i].where + ": nothing reads it, and it is not the output");
    return values[last];
  }

  /// How a layer of a functional model is called.
  void read_call(Stated& layer, bool is_input) const {
    const KerasJson nodes =
        layer.json->contains("inbound_nodes") ? layer.json->at("inbound_nodes") : KerasJson::array();
    if (!nodes.is_array() || nodes.size() > 1)
      fail(layer.where + ": is called in " + std::to_string(nodes.size()) +
           " places; layers that several places share are not supported");
    if (!nodes.empty()) layer.call = KerasCallReader::read(nodes[0]);
    if (!layer.call.others.empty())
      fail(layer.where + ": is called with " + layer.call.others.front() + ", which is not supported");
    const bool reads = std::any_of(layer.call.arguments.begin(), layer.call.arguments.end(),
                                   [](const KerasArgument& a) { return !a.is_number(); });
    if (reads == is_input)
      fail(layer.where + (is_input ? ": is the model's input and reads another layer" : ": reads no layer"));
  }

  /// Adds a layer, or all of a model, that reads these values; gives its own.
  std::size_t add_layer(const Stated& layer, const Around& around, std::vector<std::size_t> inputs) {
    const KerasJson& settings = layer.json->at("config");
    if (inputs == std::vector<std::size_t>{0} && !settings.is_array()) {
      read_input(settings, "batch_shape", true);
      read_input(settings, "batch_input_shape", true);
    }
    if (layer.kind == "InputLayer") return inputs.front();
    if (acts_in_training_only(layer.kind) && inputs.size() == 1) {
      std::string path;
      for (const std::string& model : around.models) path += model + "/";
      model_.dropped.push_back(layer.kind + " \"" + path + layer.name + "\"");
      return inputs.front();
    }
    if (layer.call.training == true)
      fail(layer.where +
           ": is called with training = true, which lets it act in predictions as it does in training; "
           "that is not supported");
    // Keras 3 writes down the default of a Dropout's call.
    const bool stated = !layer.call.keras3 || layer.kind != "Dropout";
    const bool called_so = layer.call.training == false && stated, inference = around.inference || called_so;
    if (is_model(layer.kind)) {
      if (inputs.size() != 1)
        fail(layer.where + ": a model with " + std::to_string(inputs.size()) + " inputs; one is supported");
      Around inner = around;
      inner.models.push_back(layer.name);
      inner.kinds.push_back(layer.key);
      inner.inference = inference;
      inner.models_inference.push_back(called_so);
      return add_model(*layer.json, inner, inputs.front());
    }
    if (model_.layers.size() == 10000) fail("has more than 10000 layers");
    KerasLayer added{layer.kind,
                     layer.name,
                     layer.where,
                     {},
                     around.trainable && settings.value("trainable", true),
                     around.models,
                     around.kinds,
                     l2_of(layer.kind, settings),
                     left_out_of(settings),
                     layer.key,
                     std::move(inputs),
                     inference,
                     around.models_inference};
    const std::string operation = keras_operation(layer.kind, settings, layer.call);
    const KerasOperation computed = computed_operation(operation, layer.call);
    if (!operation.empty() || layer.kind == "TFOpLambda") {
      if (computed.type.empty())
        fail(layer.where +
             ": is an operation that is not supported; there are x + 1, x - 1, 1 - x, x * 2, x / 2, -x and "
             "the sum and the product of two layers");
      added.type = computed.type;
      if (computed.type == "Rescaling") added.config = {{"scale", computed.scale}, {"offset", computed.offset}};
    } else {
      if (layer.call.arguments.size() > added.inputs.size())
        fail(layer.where + ": is called with a number, which is not supported");
      added.config = settings_of(layer.kind, settings, layer.where);
    }
    model_.layers.push_back(std::move(added));
    return model_.layers.size();
  }

  /// The first of these to be found counts. (None, sizes...); open sizes are told when they are needed.
  void read_input(const KerasJson& config, const char* key, bool replaces_open) {
    if (model_.input.rank() > 0 || (!model_.open_input.empty() && !replaces_open)) return;
    if (!config.contains(key) || !config[key].is_array()) return;
    const KerasJson& sizes = config[key];
    std::vector<std::int64_t> sample;
    for (std::size_t i = 1; i < sizes.size(); ++i) {
      if (sizes[i].is_null()) {
        model_.open_input = sizes.dump();
        return;
      }
      const auto size = sizes[i].is_number_integer() ? sizes[i].get<std::int64_t>() : 0;
      if (size < 1 || size > (std::int64_t{1} << 31)) fail("an input of shape " + sizes.dump() + " is not possible");
      sample.push_back(size);
    }
    if (sample.empty() || sample.size() + 1 > Shape::max_rank)
      fail("an input of shape " + sizes.dump() + " is not supported");
    try {
      model_.input = Shape(sample.begin(), sample.end());
    } catch (const ShapeError& e) {
      fail(std::string("the input's ") + e.what());
    }
  }

  /// The factor of a penalty that is the sum of squares alone; 0 for any other, or none. Keras 3 writes L2, Keras 2
  /// L1L2, Keras 1 a name beside the numbers; a text stands for Keras's default.
  static double l2_factor(const KerasJson& penalty) {
    if (penalty.is_string()) return penalty == "l2" || penalty == "L2" ? 0.01 : 0;
    if (!penalty.is_object()) return 0;
    const std::string kind = penalty.value("class_name", KerasJson()).is_string()
                                 ? penalty["class_name"].get<std::string>()
                             : penalty.value("name", KerasJson()).is_string() ? penalty["name"].get<std::string>()
                                                                              : std::string();
    if (kind != "L2" && kind != "L1L2" && kind != "WeightRegularizer") return 0;
    const KerasJson& of = penalty.contains("config") && penalty["config"].is_object() ? penalty["config"] : penalty;
    const auto number = [&](const char* key) {
      return of.contains(key) && of[key].is_number() ? of[key].get<double>() : 0;
    };
    return number("l1") == 0 && number("l2") > 0 && number("l2") <= 1e30 ? number("l2") : 0;
  }

  /// Those penalties, by our names of the parameters.
  static std::map<std::string, double> l2_of(const std::string& kind, const KerasJson& settings) {
    std::map<std::string, double> all;
    for (const auto& [key, value] : settings.items()) {
      const std::string ending = "_regularizer";
      if (!key.ends_with(ending) || key == "activity_regularizer") continue;
      std::string parameter = key.substr(0, key.size() - ending.size());
      if (parameter == "depthwise" || parameter == "pointwise")
        parameter = kind == "SeparableConv2D" ? parameter + "_kernel" : "kernel";
      if (const double l2 = l2_factor(value); l2 > 0) all[parameter] = l2;
    }
    return all;
  }

  /// Other penalties and limits of the weights, and Keras 1's names of them.
  static std::vector<std::string> left_out_of(const KerasJson& settings) {
    std::vector<std::string> all;
    for (const auto& [key, value] : settings.items()) {
      if (value.is_null() || !(key.ends_with("_regularizer") || key.ends_with("_constraint"))) continue;
      if (key != "activity_regularizer" && l2_factor(value) > 0) continue;
      std::string what = key;
      if (value.is_string()) what += " " + value.get<std::string>();
      if (value.is_object() && value.contains("class_name") && value.at("class_name").is_string())
        what += " " + value.at("class_name").get<std::string>();
      if (value.is_object() && value.contains("name") && value.at("name").is_string())
        what += " " + value.at("name").get<std::string>();
      all.push_back(what);
    }
    return all;
  }

  /// Settings that change what a layer computes, and that our layers have not, are errors.
  Config settings_of(const std::string& kind, const KerasJson& settings, const std::string& where) const {
    const auto refuse = [&](const char* key, const std::string& expected) {
      fail(where + ": " + key + " = " + settings.at(key).dump() + " is not supported, expected " + expected);
    };
    const auto is = [&](const char* key, const auto&... allowed) {
      return !settings.contains(key) || settings.at(key).is_null() || (... || (settings.at(key) == KerasJson(allowed)));
    };
    if (!is("data_format", "channels_last")) refuse("data_format", "\"channels_last\"");
    if (!is("dim_ordering", "tf", "default")) refuse("dim_ordering", "\"tf\"");
    if (kind != "ZeroPadding2D" && !is("padding", "valid", "same")) refuse("padding", "\"valid\" or \"same\"");
    if (kind == "Dropout" && !is("seed_generator")) refuse("seed_generator", "null");
    KerasJson taken = settings;
    for (const char* number : {"max_value", "negative_slope", "threshold", "alpha"})
      if (settings.contains(number) && !settings.at(number).is_null() && !settings.at(number).is_number())
        refuse(number, "a number");
    if (kind == "Softmax") {
      if (!is("axis", -1, std::vector{-1})) refuse("axis", "-1, the last one");
      taken["axis"] = -1;
    }
    if (settings.contains("noise_shape") && !settings.at("noise_shape").is_null()) {
      // With the batch, each sample of which draws by itself; null is x's own size.
      KerasJson noise = settings.at("noise_shape");
      if (!noise.is_array() || noise.empty() || !noise[0].is_null())
        refuse("noise_shape", "null, or a list that begins with null");
      noise.erase(0);
      for (KerasJson& size : noise)
        if (size.is_null()) size = -1;
      taken["noise_shape"] = noise;
    }
    if (settings.contains("activation")) {
      // Keras 3 may write a function as an object: {"class_name": "function", "config": "relu"}.
      const KerasJson& a = settings.at("activation");
      if (a.is_object() && a.contains("config") && a.at("config").is_string())
        taken["activation"] = a.at("config");
      else if (!a.is_null() && !a.is_string())
        refuse("activation", "a name");
      // Versions before 3 know another function by this name.
      const bool before_3 = !version_.empty() && version_.find('.') == 1 && version_[0] < '3';
      if (before_3 && taken.at("activation") == "hard_sigmoid")
        refuse("activation",
               "one that Keras 3 computes alike: before it, hard_sigmoid was 0.2 x + 0.5 between 0 and 1, now it "
               "is relu6(x + 3) / 6");
    }
    return config_from_json(taken);
  }

  /// Keras 2 has a list of [name, 0, 0]; Keras 3 the only one of them without the list.
  static std::vector<KerasArgument> ends_of(const KerasJson& config, const char* key) {
    return config.contains(key) ? KerasCallReader::read(config.at(key)).arguments : std::vector<KerasArgument>();
  }

  std::string path_, version_;
  KerasModel model_;
};

/// What a model's configuration says. path: what errors begin with; version: of Keras, as far as the file tells it.
/// Throws FileError: no JSON, wiring or a setting that is not supported, with the layer's name and position.
inline KerasModel keras_model_config(const std::string& path, const std::string& json,
                                     const std::string& version = {}) {
  return KerasConfigReader(path, version).read(json);
}

/// The version of Keras that a .keras file's metadata.json names; empty: none.
inline std::string keras_version(const std::string& metadata) {
  const KerasJson json = parse_json(metadata);
  if (!json.is_object() || !json.contains("keras_version") || !json.at("keras_version").is_string()) return {};
  return json.at("keras_version").get<std::string>();
}

}  // namespace brindle::io::detail
