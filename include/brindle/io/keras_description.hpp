// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/keras_config.hpp"
#include "brindle/io/parse_json.hpp"
#include "brindle/io/weight_file.hpp"

namespace brindle::io::detail {

/// What a file of weights says of the model that they are of.
struct KerasDescription {
  bool known = false;            ///< the file has a configuration that can be read
  KerasModel model;              ///< if it is known
  std::set<std::string> nested;  ///< the outermost nested models' names
  bool turned = false;           ///< kernels are to be turned by 180 degrees: Theano's
};

/// Of a configuration, at any depth.
struct KerasAxes {
  std::string channels_first;  ///< a layer that says so; empty: none
  std::string flatten;         ///< a layer that makes one row of all axes, whose order then matters
};

inline void find_axes(const KerasJson& json, KerasAxes& to) {
  if (json.is_object()) {
    const auto says = [&](const char* key, const char* value) { return json.contains(key) && json.at(key) == value; };
    if (json.contains("config") && json.at("config").is_object()) {
      const KerasJson& config = json.at("config");
      const std::string name = config.contains("name") && config.at("name").is_string()
                                   ? config.at("name").get<std::string>()
                                   : std::string("a layer");
      const auto config_says = [&](const char* key, const char* value) {
        return config.contains(key) && config.at(key) == value;
      };
      const bool flatten = says("class_name", "Flatten");
      if (!flatten && (config_says("data_format", "channels_first") || config_says("dim_ordering", "th")))
        to.channels_first = name;
      if ((flatten && !config_says("data_format", "channels_first")) || says("class_name", "Reshape") ||
          says("class_name", "Permute"))
        to.flatten = name;
    }
  }
  if (json.is_structured())
    for (const auto& value : json) find_axes(value, to);
}

/// Reads what a file's attributes and the configuration say. Throws FileError for axes in an order that is not ours and
/// matters, or that is not known.
inline KerasDescription keras_description(Hdf5File& file, const std::string& root, const std::string& configuration) {
  KerasDescription description;
  const KerasJson json = configuration.empty() ? KerasJson() : parse_json(configuration);
  const bool whole = json.is_object();
  KerasAxes axes;
  if (whole) find_axes(json, axes);
  if (!axes.channels_first.empty() && !axes.flatten.empty())
    file.fail(
        "was saved channels first (layer \"" + axes.channels_first + "\"): behind its layer \"" + axes.flatten +
        "\" weights stand in the order (channels, rows, columns), ours are (rows, columns, channels); build the " +
        "model channels last in Keras, put its weights in this order and save it again");

  const auto attribute = [&](const char* name) {
    for (const std::string& place : {std::string("/"), root})
      if (file.has_attribute(place, name)) return file.text(place, name);
    return std::string();
  };
  const std::string backend = attribute("backend"), version = attribute("keras_version");
  const auto refuse = [&](const std::string& why) {
    file.fail("was written with Keras's backend \"" + backend + "\"" + why +
              "; load it in Keras with the backend tensorflow and save it again");
  };
  if (backend == "theano") {
    if (!whole) refuse(", which turns kernels, and does not say in which order their axes stand");
    if (version.starts_with("1") || version.empty()) refuse(" by Keras 1, which has several orders of a kernel's axes");
    description.turned = true;
  } else if (!backend.empty() && backend != "tensorflow" && backend != "cntk" && backend != "jax" &&
             backend != "torch" && backend != "numpy" && backend != "openvino") {
    refuse(", whose kernels may stand in another order");
  }

  if (!whole) return description;
  try {
    description.model = keras_model_config(file.path(), configuration);
  } catch (const FileError&) {
    return description;  // a model that we cannot build; its weights may still be those of another
  }
  description.known = true;
  for (const KerasLayer& layer : description.model.layers)
    if (!layer.models.empty()) description.nested.insert(layer.models.front());
  return description;
}

/// Where the file keeps a layer: the groups as Keras 3 counts them, or the outermost nested model of earlier formats.
inline std::string keras3_group(const KerasLayer& layer) {
  std::string group;
  for (const std::string& kind : layer.kinds) group += (group.empty() ? "layers/" : "/layers/") + kind;
  return group;
}

/// The one stored layer that is this one: by its name where the file has names, else by Keras 3's key.
inline StoredLayer* stored_layer(WeightFile& file, const KerasLayer& layer) {
  const std::string group3 = keras3_group(layer), group2 = layer.models.empty() ? "" : layer.models.front();
  for (StoredLayer& stored : file.layers) {
    if (stored.key.empty()) continue;
    std::string group = stored.group;
    for (std::size_t at; (at = group.find("_layer_checkpoint_dependencies")) != std::string::npos;)
      group.replace(at, std::string("_layer_checkpoint_dependencies").size(), "layers");
    if (group == group3 && (stored.name.empty() ? stored.key == layer.key : stored.name == layer.name)) return &stored;
  }
  // Formats before that have all layers of an outermost model in one group. Keras 3 writes inner models' names before
  // those of layers, Keras 2 does not; TensorFlow may have put scopes of its own in front.
  std::string within = layer.path();
  if (!layer.models.empty()) within = within.substr(group2.size() + 1);
  const auto ends = [](const std::string& text, const std::string& end) { return text.ends_with("/" + end); };
  for (const auto& fits : std::vector<std::function<bool(const StoredLayer&)>>{
           [&](const StoredLayer& s) { return s.scope == within; },
           [&](const StoredLayer& s) { return s.scope == layer.name; },
           [&](const StoredLayer& s) { return ends(s.scope, within) || ends(s.scope, layer.name); },
           [&](const StoredLayer& s) { return s.name == layer.name; }})
    for (StoredLayer& stored : file.layers)
      if (stored.key.empty() && stored.group == group2 && fits(stored)) return &stored;
  return nullptr;
}

/// Gives the file's layers their whole paths in the model.
inline void add_paths(const KerasModel& model, WeightFile& file) {
  for (const KerasLayer& layer : model.layers)
    if (StoredLayer* stored = stored_layer(file, layer); stored != nullptr) {
      stored->path = layer.path();
      if (stored->key.empty()) stored->name = layer.name;  // which may have slashes of its own
    }
}

/// The layers' names in the model: whole paths where a name alone is that of several. Keras asks for different ones
/// within a model only, a nested one being a model.
inline std::vector<std::string> unique_names(const KerasModel& model) {
  std::vector<std::string> names;
  for (const KerasLayer& layer : model.layers) {
    const auto same = std::count_if(model.layers.begin(), model.layers.end(),
                                    [&](const KerasLayer& other) { return other.name == layer.name; });
    names.push_back(same > 1 ? layer.path() : layer.name);
  }
  return names;
}

}  // namespace brindle::io::detail
