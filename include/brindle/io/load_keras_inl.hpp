// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what load_keras.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/io/checked_specs.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/keras_config.hpp"
#include "brindle/io/keras_description.hpp"
#include "brindle/io/keras_weights.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/io/weight_file.hpp"
#include "brindle/io/weight_format.hpp"
#include "brindle/io/zip.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle::io::detail {

/// A Normalization whose mean and variance Keras's adapt() found: they stand among the weights.
BRINDLE_INLINE bool is_adapted(const KerasLayer& layer) {
  return layer.type == "Normalization" && !layer.config.find("mean") && !layer.config.find("variance");
}

/// The settings of such a layer with mean and variance, which are no weights of the file any more.
BRINDLE_INLINE Config adapted_config(const KerasLayer& layer, WeightFile& file) {
  Config config = layer.config;
  for (StoredLayer& stored : file.layers) {
    if (stored.path != layer.path() || stored.tensors.size() < 2) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      const StoredTensor& tensor = stored.tensors[i];
      Tensor<float> values(tensor.shape);
      tensor.read(values.view());
      config.set(i == 0 ? "mean" : "variance", std::vector<double>(values.data(), values.data() + values.size()));
    }
    stored.tensors.clear();
  }
  return config;
}

/// The models inside a model, and inside these, of its layers [begin, end), which stand in `depth` models.
template <class Group>
std::vector<Group> nested_groups(const std::vector<KerasLayer>& layers, std::size_t begin, std::size_t end,
                                 std::size_t depth = 0) {
  std::vector<Group> groups;
  for (std::size_t i = begin, next = begin; i < end; i = next) {
    const KerasLayer& first = layers[i];
    const auto is_of_it = [&](const KerasLayer& layer) {
      return layer.models.size() > depth && layer.models[depth] == first.models[depth] &&
             layer.kinds[depth] == first.kinds[depth];
    };
    next = i + 1;
    if (first.models.size() <= depth) continue;
    while (next < end && is_of_it(layers[next])) ++next;
    groups.push_back({first.models[depth], i, next, first.models_inference[depth],
                      nested_groups<Group>(layers, i, next, depth + 1)});
  }
  return groups;
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
Model<T, Device> load_keras(const std::filesystem::path& path, const LoadKerasOptions& options, const Device& on,
                            const LayerRegistry<T, Device>& registry) {
  const detail::WeightFormat format = detail::weight_format(path);
  const bool archive = format == detail::WeightFormat::keras;
  std::shared_ptr<Hdf5File> weights_in;
  std::string json, version;
  const auto fail = [&](const std::string& what) { brindle::detail::raise<FileError>(path.string() + ": " + what); };
  if (archive) {
    const detail::ZipFile zip(path.string());
    json = zip.read("config.json");
    if (zip.contains("metadata.json")) version = detail::keras_version(zip.read("metadata.json"));
  } else if (format == detail::WeightFormat::hdf5) {
    weights_in = open_hdf5(path);
    if (!weights_in->has_attribute("/", "model_config"))
      fail("holds weights but no model (no \"model_config\"); load them into a model of your own with load_weights");
    json = weights_in->text("/", "model_config");
    version = weights_in->has_attribute("/", "keras_version") ? weights_in->text("/", "keras_version") : "1.0";
  } else {
    fail("is no model of Keras, expected a .keras file or HDF5 (.h5)");
  }
  const detail::KerasModel description = detail::keras_model_config(path.string(), json, version);
  const Shape input = options.input.rank() > 0 ? options.input : description.input;
  if (input.rank() == 0)
    fail("leaves the size of its input open" +
         (description.open_input.empty() ? std::string() : ", " + description.open_input) +
         "; give it: load_keras(path, {.input = {150, 150, 3}})");

  std::string where = "the model";
  try {
    // A layer that is not known is found before the weights are read.
    std::vector<std::unique_ptr<Layer<T, Device>>> made;
    for (const detail::KerasLayer& layer : description.layers) {
      where = layer.where;
      made.push_back(detail::is_adapted(layer) ? nullptr : registry.make(layer.type, layer.config));
      if (layer.inputs.size() != 1 && (!made.back() || made.back()->merge() == nullptr))
        fail(where + ": reads " + std::to_string(layer.inputs.size()) + " layers, expected one");
    }
    where = "the model";
    if (archive) weights_in = detail::keras_archive_weights(detail::ZipFile(path.string()));
    WeightFile file = keras_weights(weights_in, json);
    for (std::size_t i = 0; i < made.size(); ++i) {
      where = description.layers[i].where;
      if (!made[i])
        made[i] = registry.make(description.layers[i].type, detail::adapted_config(description.layers[i], file));
    }
    where = "the model";
    std::int64_t stored_elements = 0, needed_elements = 0;
    for (const StoredLayer& layer : file.layers)
      for (const StoredTensor& tensor : layer.tensors) stored_elements += tensor.shape.size();

    Model<T, Device> model(on, input);
    model.set_name(description.name);
    const std::vector<std::string> names = detail::unique_names(description);
    for (std::size_t i = 0; i < description.layers.size(); ++i) {
      const detail::KerasLayer& layer = description.layers[i];
      where = layer.where;
      made[i]->name = names[i];
      made[i]->trainable = layer.trainable;
      made[i]->inference = layer.inference;
      file.paths.push_back(layer.path());
      // Sizes are checked against the file before a layer takes memory for them.
      for (const ParameterSpec& spec : detail::checked_specs(model, *made[i], layer.inputs)) {
        if (spec.shape.size() > stored_elements - needed_elements)
          fail(where + ": \"" + spec.name + "\" " + to_string(spec.shape) + " is larger than what the file has left");
        needed_elements += spec.shape.size();
      }
      model.add_uninitialized(std::move(made[i]), names[i], layer.inputs);
      for (const auto& [parameter, l2] : layer.l2) model.set_l2(names[i], parameter, l2);
    }
    where = "the model";
    using Group = typename Model<T, Device>::Group;
    for (const Group& group : detail::nested_groups<Group>(description.layers, 0, description.layers.size()))
      model.add_group(group);
    load_weights(model, file);
    for (const std::string& line : {description.left_out(), description.dropped_layers()})
      if (!line.empty() && options.tell) options.tell(path.string() + ": " + line);
    return model;
  } catch (const ShapeError& e) {
    fail(where + ": " + e.what());
  } catch (const ValueError& e) {
    fail(where + ": " + e.what());
  }
  return Model<T, Device>(on, input);  // not reached: fail() throws
}

}  // namespace brindle::io
