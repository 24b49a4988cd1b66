#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
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

/// Keras 3's name of a class in its files: "MaxPooling2D" is "max_pooling2d" (utils/naming.py, to_snake_case).
inline std::string snake_case(const std::string& name) {
  const auto is = [&](std::size_t i, int (*kind)(int)) {
    return i < name.size() && kind(static_cast<unsigned char>(name[i])) != 0;
  };
  std::string all;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is(i, std::isupper) && (is(i + 1, std::islower) || is(i - 1, std::islower))) all += '_';
    all += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return all;
}

/// Where the file keeps a layer: the groups as Keras 3 counts them, or the outermost nested model of earlier formats.
inline std::string keras3_group(const KerasLayer& layer) {
  std::string group;
  for (const std::string& kind : layer.kinds) group += (group.empty() ? "layers/" : "/layers/") + kind;
  return group;
}

/// The one stored layer that is this one: by its name where the file has names, else by Keras 3's key.
inline StoredLayer* stored_layer(WeightFile& file, const KerasLayer& layer, const std::string& key) {
  const std::string group3 = keras3_group(layer), group2 = layer.models.empty() ? "" : layer.models.front();
  for (StoredLayer& stored : file.layers) {
    const bool keras3 = !stored.key.empty();
    std::string group = stored.group;
    for (std::size_t at; (at = group.find("_layer_checkpoint_dependencies")) != std::string::npos;)
      group.replace(at, std::string("_layer_checkpoint_dependencies").size(), "layers");
    if (stored.name.empty() ? group == group3 && stored.key == key
                            : group == (keras3 ? group3 : group2) && stored.name == layer.name)
      return &stored;
  }
  return nullptr;
}

/// Gives the file's layers their whole paths in the model.
inline void add_paths(const KerasModel& model, WeightFile& file) {
  std::vector<std::pair<std::string, std::string>> seen;  // (group, kind): Keras 3 counts within each
  for (const KerasLayer& layer : model.layers) {
    const std::pair<std::string, std::string> place(keras3_group(layer), snake_case(layer.type));
    const auto number = std::count(seen.begin(), seen.end(), place);
    seen.push_back(place);
    StoredLayer* stored =
        stored_layer(file, layer, number == 0 ? place.second : place.second + "_" + std::to_string(number));
    if (stored != nullptr) stored->path = layer.path();
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
