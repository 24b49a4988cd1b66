#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/keras_config.hpp"
#include "brindle/io/keras_weights.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/io/zip.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/nn/sequential.hpp"

namespace brindle::io {

struct LoadKerasOptions {
  Shape input = {};  ///< of one sample, for a model whose file leaves it open (None); rank 0: the file's
};

namespace detail {

/// Where the file keeps a layer: the groups as Keras 3 counts them, or the outermost nested model of earlier formats.
inline std::string keras3_group(const KerasLayer& layer) {
  std::string group;
  for (const std::string& kind : layer.kinds) group += (group.empty() ? "layers/" : "/layers/") + kind;
  return group;
}

/// The one stored layer that is this one: by its name where the file has names, else by Keras 3's key.
inline const StoredLayer* stored_layer(const WeightFile& file, const KerasLayer& layer, const std::string& key) {
  const std::string group3 = keras3_group(layer), group2 = layer.models.empty() ? "" : layer.models.front();
  for (const StoredLayer& stored : file.layers) {
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

/// The layers' names in the model. Keras asks for different ones within a model only, a nested one being a model.
inline std::vector<std::string> unique_names(const KerasModel& model) {
  std::vector<std::string> names;
  for (const KerasLayer& layer : model.layers) {
    const auto same = std::count_if(model.layers.begin(), model.layers.end(),
                                    [&](const KerasLayer& other) { return other.name == layer.name; });
    names.push_back(same > 1 && !layer.models.empty() ? layer.models.front() + "/" + layer.name : layer.name);
  }
  return names;
}

}  // namespace detail

/// A model that Keras saved: a .keras file, or HDF5 with architecture (Keras 2, and the legacy format of Keras 3).
///
///     auto model = io::load_keras("pets.keras");
///
/// Sequential models and functional ones that are a plain chain; nested models become groups of layers (an inner one a
/// part of the outer). Layers keep their names and what is frozen; where a nested model's layer has the name of another
/// one it is called "model/layer". Regularizers, constraints and the optimizer's state are not taken over.
/// registry: where layers of the user's own are known.
///
/// Throws FileError that begins with the path: a layer or a setting that is not known, with its name and position; a
/// model that branches; weights that do not fit the layers, all of them in one message.
template <class T = float, class Device = Cpu>
Sequential<T, Device> load_keras(const std::filesystem::path& path, const LoadKerasOptions& options = {},
                                 const Device& on = Device{}, const LayerRegistry<T, Device>& registry = {}) {
  std::shared_ptr<Hdf5File> weights_in;
  std::string json;
  const auto fail = [&](const std::string& what) { brindle::detail::raise<FileError>(path.string() + ": " + what); };
  switch (detail::weight_format(path)) {
    case detail::WeightFormat::keras: {
      const ZipFile zip(path.string());
      json = zip.read("config.json");
      weights_in = keras_archive_weights(zip);
      break;
    }
    case detail::WeightFormat::hdf5:
      weights_in = open_hdf5(path);
      if (!weights_in->has_attribute("/", "model_config"))
        fail("holds weights but no model (no \"model_config\"); load them into a model of your own with load_weights");
      json = weights_in->text("/", "model_config");
      break;
    default:
      fail("is no model of Keras, expected a .keras file or HDF5 (.h5)");
  }
  const KerasModel description = keras_model_config(path.string(), json);
  WeightFile file = keras_weights(weights_in);
  const Shape input = options.input.rank() > 0 ? options.input : description.input;
  if (input.rank() == 0)
    fail("leaves the size of its input open" +
         (description.open_input.empty() ? std::string() : ", " + description.open_input) +
         "; give it: load_keras(path, {.input = {150, 150, 3}})");

  std::int64_t stored_elements = 0, needed_elements = 0;
  for (const StoredLayer& layer : file.layers)
    for (const StoredTensor& tensor : layer.tensors) stored_elements += tensor.shape.size();

  std::string where = "the model";
  try {
    Sequential<T, Device> model(on, input);
    model.set_name(description.name);
    const std::vector<std::string> names = detail::unique_names(description);
    std::vector<std::pair<const StoredLayer*, std::string>> found;
    std::vector<std::pair<std::string, std::string>> seen;  // (group, kind): Keras 3 counts within each
    std::vector<typename Sequential<T, Device>::Group> groups;
    std::string outermost;
    for (std::size_t i = 0; i < description.layers.size(); ++i) {
      const KerasLayer& layer = description.layers[i];
      where = layer.where;
      auto made = registry.make(layer.type, layer.config);
      made->name = names[i];
      made->trainable = layer.trainable;
      // Sizes are checked against the file before a layer takes memory for them.
      const Shape x = model.output_shape();
      made->output_shape(x);
      const std::vector<ParameterSpec> specs = made->parameter_specs(x);
      for (const ParameterSpec& spec : specs) {
        if (spec.shape.size() > stored_elements - needed_elements)
          fail(where + ": \"" + spec.name + "\" " + to_string(spec.shape) + " is larger than what the file has left");
        needed_elements += spec.shape.size();
      }
      const std::string kind = made->default_name(), group = detail::keras3_group(layer);
      const auto number = std::count(seen.begin(), seen.end(), std::pair(group, kind));
      seen.emplace_back(group, kind);
      if (!specs.empty())
        if (const StoredLayer* stored =
                detail::stored_layer(file, layer, number == 0 ? kind : kind + "_" + std::to_string(number)))
          found.emplace_back(stored, names[i]);
      model.add_uninitialized(std::move(made), names[i]);
      const std::string model_of_it = layer.models.empty() ? "" : layer.models.front() + "\n" + layer.kinds.front();
      if (!model_of_it.empty() && model_of_it == outermost)
        ++groups.back().end;
      else if (!model_of_it.empty())
        groups.push_back({layer.models.front(), i, i + 1});
      outermost = model_of_it;
    }
    where = "the model";
    for (const auto& g : groups) model.add_group(g.name, g.begin, g.end);
    for (StoredLayer& stored : file.layers) {
      std::string name = stored.name.empty() ? stored.key : stored.name;
      if (!stored.group.empty()) name = stored.group + "/" + name;  // of a layer that the model does not have
      for (const auto& [layer, known] : found)
        if (layer == &stored) name = known;
      stored.name = name;
    }
    load_weights(model, file);
    return model;
  } catch (const ShapeError& e) {
    fail(where + ": " + e.what());
  } catch (const ValueError& e) {
    fail(where + ": " + e.what());
  }
  return Sequential<T, Device>(on, input);  // not reached: fail() throws
}

}  // namespace brindle::io
