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
#include "brindle/io/parse_json.hpp"

namespace brindle::io::detail {

/// A layer as a model's configuration by Keras describes it, in the terms of LayerRegistry.
struct KerasLayer {
  std::string type;                 ///< "Conv2D"
  std::string name;                 ///< as Keras has it
  std::string where;                ///< what messages call it: layer 3 "conv2d_1" (Conv2D) of model "sequential_1"
  Config config;                    ///< by Keras's names
  bool trainable = true;            ///< with those of the models around it
  std::vector<std::string> models;  ///< names of the nested models that it stands in, the outermost first
  std::vector<std::string> kinds;   ///< and Keras 3's kind and number of each: "functional", "sequential_1"
  std::vector<std::string> left_out = {};  ///< what training would need and we have not: "kernel_regularizer L2"

  /// With the nested models around it: "wrapper/inner/conv2d_1".
  std::string path() const {
    std::string all;
    for (const std::string& model : models) all += model + "/";
    return all + name;
  }
};

/// A model's configuration, flat: nested models that are a plain chain have become rows of layers.
struct KerasModel {
  std::string name;                ///< as Keras has it
  Shape input;                     ///< of one sample; rank 0 where the file leaves it open
  std::string open_input;          ///< the input's sizes as the file has them, where some are open
  std::vector<KerasLayer> layers;  ///< from the input on

  /// One line that says what of the model was left out, with the layers' names; empty: nothing.
  std::string left_out() const {
    std::string all;
    for (const KerasLayer& layer : layers) {
      if (layer.left_out.empty()) continue;
      all += all.empty() ? "" : "; ";
      for (std::size_t i = 0; i < layer.left_out.size(); ++i) all += (i ? ", " : "") + layer.left_out[i];
      all += " of layer \"" + layer.path() + "\"";
    }
    return all.empty() ? all : "left out: " + all + "; predictions are the same, training on goes without them";
  }
};

using KerasJson = nlohmann::json;

/// Reads configurations by Keras 1 (as far as its layers have today's names), 2 and 3. Every error is a FileError.
class KerasConfigReader {
 public:
  KerasConfigReader(std::string path, std::string version) : path_(std::move(path)), version_(std::move(version)) {}

  KerasModel read(const std::string& text) {
    const KerasJson json = parse_json(text);
    if (!json.is_object()) fail("the configuration of the model is no JSON, or nests more than 100 deep");
    try {
      const std::string kind = json.at("class_name").get<std::string>();
      if (!is_model(kind))
        fail("is a " + kind + ", expected a Sequential, or a Functional model that is a plain chain");
      add_model(json, {}, {}, true);
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

  void add_model(const KerasJson& json, const std::vector<std::string>& models, const std::vector<std::string>& kinds,
                 bool trainable) {
    if (models.size() > 16) fail("nests models more than 16 deep");
    const KerasJson& config = json.at("config");
    // Keras before 2.2.3 wrote a Sequential's layers without a name for it.
    const KerasJson& layers = config.is_array() ? config : config.at("layers");
    if (!layers.is_array()) fail("a model's \"layers\" are no list");
    const std::string name = config.is_array() ? json.value("name", "sequential") : config.value("name", "model");
    if (models.empty()) model_.name = name;
    std::string around = model_.name;  // the whole path
    for (const std::string& model : models) around += "/" + model;
    const std::string of = " of model \"" + around + "\"";
    trainable = trainable && (config.is_array() || config.value("trainable", true));
    std::vector<std::pair<std::size_t, const KerasJson*>> row;  // with their positions
    if (json.at("class_name") == "Sequential")
      for (std::size_t i = 0; i < layers.size(); ++i) row.emplace_back(i, &layers[i]);
    else
      row = chain(config, layers, of);
    if (models.empty() && !config.is_array()) read_input(config, "build_input_shape", false);

    std::map<std::string, int> count;
    for (const auto& [position, layer] : row) {
      const std::string kind = layer->at("class_name").get<std::string>();
      const KerasJson& settings = layer->at("config");
      const std::string layer_name = settings.is_array() ? std::string("sequential") : settings.value("name", kind);
      const std::string where = "layer " + std::to_string(position + 1) + " \"" + layer_name + "\" (" + kind + ")" + of;
      if (model_.layers.empty() && !settings.is_array()) {
        read_input(settings, "batch_shape", true);
        read_input(settings, "batch_input_shape", true);
      }
      if (kind == "InputLayer") continue;
      if (is_model(kind)) {
        const std::string stem = kind == "Sequential" ? "sequential" : "functional";
        const int number = count[stem]++;
        std::vector<std::string> inner = models, inner_kinds = kinds;
        inner.push_back(layer_name);
        inner_kinds.push_back(number == 0 ? stem : stem + "_" + std::to_string(number));
        add_model(*layer, inner, inner_kinds, trainable);
        continue;
      }
      if (model_.layers.size() == 10000) fail("has more than 10000 layers");
      model_.layers.push_back({kind, layer_name, where, settings_of(kind, settings, where),
                               trainable && settings.value("trainable", true), models, kinds, left_out_of(settings)});
    }
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
      const auto size = sizes[i].get<std::int64_t>();
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

  /// Penalties and limits of the weights, and Keras 1's names of them.
  static std::vector<std::string> left_out_of(const KerasJson& settings) {
    std::vector<std::string> all;
    for (const auto& [key, value] : settings.items()) {
      if (value.is_null() || !(key.ends_with("_regularizer") || key.ends_with("_constraint"))) continue;
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

  // The names of the layers whose outputs an inbound node takes. Keras 3 has {"keras_history": [name, ..]} somewhere in
  // it, Keras 2 lists [name, 0, 0, {}].
  static void add_sources(const KerasJson& node, int depth, std::vector<std::string>& to) {
    if (depth > 16) return;
    if (node.is_object()) {
      if (node.contains("keras_history") && node.at("keras_history").is_array() && !node.at("keras_history").empty()) {
        to.push_back(node.at("keras_history")[0].get<std::string>());
        return;
      }
      for (const auto& [key, value] : node.items()) add_sources(value, depth + 1, to);
    } else if (node.is_array()) {
      if (node.size() >= 3 && node[0].is_string() && node[1].is_number() && node[2].is_number()) {
        to.push_back(node[0].get<std::string>());
        return;
      }
      for (const auto& value : node) add_sources(value, depth + 1, to);
    }
  }

  static std::vector<std::string> ends_of(const KerasJson& config, const char* key) {
    std::vector<std::string> names;
    if (config.contains(key)) add_sources(config.at(key), 0, names);
    return names;
  }

  /// The layers of a functional model in the order in which they are computed.
  std::vector<std::pair<std::size_t, const KerasJson*>> chain(const KerasJson& config, const KerasJson& layers,
                                                              const std::string& of) const {
    const auto branches = [&](const std::string& why) {
      fail("the model branches, " + why + of + "; only plain chains of layers are supported");
    };
    const std::vector<std::string> inputs = ends_of(config, "input_layers"), outputs = ends_of(config, "output_layers");
    if (inputs.size() != 1 || outputs.size() != 1)
      branches("there are " + std::to_string(inputs.size()) + " inputs and " + std::to_string(outputs.size()) +
               " outputs");
    std::map<std::string, std::size_t> reader;  // by the layer that is read
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const KerasJson& layer = layers[i];
      const std::string name = layer.at("name").get<std::string>();
      std::vector<std::string> sources;
      if (layer.contains("inbound_nodes")) add_sources(layer.at("inbound_nodes"), 0, sources);
      if (sources.empty() && name == inputs[0]) continue;
      const std::string who =
          "layer " + std::to_string(i + 1) + " \"" + name + "\" (" + layer.at("class_name").get<std::string>() + ")";
      if (sources.size() != 1) branches(who + " has " + std::to_string(sources.size()) + " inputs");
      if (!reader.emplace(sources[0], i).second) branches(who + " is not the only one to read \"" + sources[0] + "\"");
    }
    std::vector<std::pair<std::size_t, const KerasJson*>> row;
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (layers[i].at("name") == inputs[0]) row.emplace_back(i, &layers[i]);
    if (row.size() != 1) branches("there is no layer \"" + inputs[0] + "\", its input,");
    std::string last = inputs[0];
    for (auto next = reader.find(last); next != reader.end() && row.size() <= layers.size(); next = reader.find(last)) {
      row.emplace_back(next->second, &layers[next->second]);
      last = layers[next->second].at("name").get<std::string>();
    }
    if (row.size() != layers.size() || last != outputs[0])
      branches("its layers do not lead from \"" + inputs[0] + "\" to \"" + outputs[0] + "\" in one row");
    return row;
  }

  std::string path_, version_;
  KerasModel model_;
};

/// What a model's configuration says. path: what errors begin with; version: of Keras, as far as the file tells it.
/// Throws FileError: no JSON, a model that branches, a setting that is not supported, with the layer's name and
/// position.
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
