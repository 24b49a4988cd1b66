// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what save_keras.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/hdf5_writer.hpp"
#include "brindle/io/keras_model.hpp"
#include "brindle/io/keras_parts.hpp"
#include "brindle/io/keras_training.hpp"
#include "brindle/io/save_keras.hpp"
#include "brindle/io/training_to_write.hpp"
#include "brindle/io/zip_writer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer_state.hpp"

namespace brindle::io::detail {

/// The version of Keras whose files these are.
inline constexpr const char* written_keras_version = "3.15.1";

/// Keras 3's file of weights: layers/<kind and number>/vars/0, 1, ...
BRINDLE_INLINE void add_keras3_weights(const KerasPart& part, const std::string& path, std::int64_t element,
                                       Hdf5Writer& to) {
  const std::string vars = path + "/vars";
  to.add_group(vars);
  to.add_text(vars, "name", part.name);
  for (std::size_t i = 0; i < part.variables.size(); ++i)
    to.add_dataset(vars + "/" + std::to_string(i), part.variables[i].shape, element, part.variables[i].data);
  if (!part.is_model()) return;
  std::map<std::string, int> counted;
  for (const std::size_t number : keras_order(part)) {
    const KerasPart input{.kind = "InputLayer", .name = part.input_name};
    const KerasPart& layer = number == 0 ? input : part.parts[number - 1];
    const std::string kind = snake_case(layer.kind);
    const int before = counted[kind]++;
    add_keras3_weights(layer, path + "/layers/" + (before == 0 ? kind : kind + "_" + std::to_string(before)), element,
                       to);
  }
}

/// Names as one attribute, or as several where HDF5 has no room for them in one: Keras's "weight_names0", ...
BRINDLE_INLINE void add_names(const std::string& group, const std::string& name, const std::vector<std::string>& names,
                              Hdf5Writer& to) {
  constexpr std::size_t most = 64000;
  std::vector<std::vector<std::string>> pieces(1);
  std::size_t longest = 1;
  for (const std::string& one : names) {
    longest = std::max(longest, one.size());
    if (longest * (pieces.back().size() + 1) > most) pieces.emplace_back(), longest = one.size();
    pieces.back().push_back(one);
  }
  for (std::size_t i = 0; i < pieces.size(); ++i)
    to.add_texts(group, pieces.size() == 1 ? name : name + std::to_string(i), pieces[i]);
}

/// The format before .keras: a group for each layer, with a list of its weights.
BRINDLE_INLINE void add_legacy_weights(const KerasPart& model, std::int64_t element, Hdf5Writer& to) {
  const std::string root = "model_weights";
  to.add_text(root, "backend", "tensorflow");
  to.add_text(root, "keras_version", written_keras_version);
  std::vector<std::string> layers;
  for (const std::size_t number : keras_order(model)) {
    layers.push_back(number == 0 ? model.input_name : model.parts[number - 1].name);
    std::vector<std::pair<std::string, ModelToWrite::Variable>> weights;
    for (const bool learned : {true, false})
      if (number > 0) collect_weights(model.parts[number - 1], layers.back(), learned, weights);
    std::vector<std::string> names;
    for (const auto& [name, variable] : weights) {
      names.push_back(name);
      to.add_dataset(root + "/" + layers.back() + "/" + name, variable.shape, element, variable.data);
    }
    add_names(root + "/" + layers.back(), "weight_names", names, to);
  }
  add_names(root, "layer_names", layers, to);
  add_names(root + "/top_level_model_weights", "weight_names", {}, to);
}

/// Throws FileError for an ending that says nothing, ValueError for a model, or a training, that Keras has not.
/// training: null, or what training on needs.
BRINDLE_INLINE void write_keras(const ModelToWrite& model, TrainingToWrite* training,
                                const std::filesystem::path& path) {
  const std::string name = path.filename().string(), dtype = model.element == 8 ? "float64" : "float32";
  const bool archive = name.ends_with(".keras"), weights = name.ends_with(".weights.h5");
  if (!archive && !weights && !name.ends_with(".h5") && !name.ends_with(".hdf5"))
    brindle::detail::raise<FileError>(
        path.string() + ": Keras has no such kind of file; end the name with .keras or .h5 for the model, with " +
        ".weights.h5 for the weights alone");
  if (training && !archive && !weights)
    brindle::detail::raise<FileError>(path.string() +
                                      ": Keras 3 does not read an optimizer's state from such a file; end the name " +
                                      "with .keras or .weights.h5, or give the model instead of the trainer");
  if (training) check_keras_training(*training);
  const KerasPart parts = keras_parts(model);
  Hdf5Writer file;
  if (archive || weights) {
    add_keras3_weights(parts, "", model.element, file);
    if (training) add_keras_optimizer(parts, *training, model.element, file);
  } else {
    file.add_text("/", "backend", "tensorflow");
    file.add_text("/", "keras_version", written_keras_version);
    file.add_text("/", "model_config", keras_model_json(parts, true, dtype).dump());
    add_legacy_weights(parts, model.element, file);
  }
  if (!archive) return replace_file(path, file.parts(), {.sync = true});
  nlohmann::ordered_json described = keras_model_json(parts, false, dtype);
  if (training) described["compile_config"] = keras_compile_json(*training);
  const std::string metadata = nlohmann::ordered_json{{"keras_version", written_keras_version}}.dump(),
                    config = described.dump();
  ZipWriter zip;
  zip.add("metadata.json", {metadata});
  zip.add("config.json", {config});
  zip.add("model.weights.h5", file.parts());
  if (zip.size() >= 0xFFFFFFFF)
    brindle::detail::raise<FileError>(path.string() + ": its " + std::to_string(zip.size()) +
                                      " bytes are more than a .keras file is written with here, 4 GB; save as .h5");
  replace_file(path, zip.parts(), {.sync = true});
}

/// Groups with those inside them.
template <class Group>
std::vector<ModelToWrite::Group> groups_to_write(const std::vector<Group>& groups) {
  std::vector<ModelToWrite::Group> all;
  for (const Group& group : groups)
    all.push_back({group.name, group.begin, group.end, group.inference, groups_to_write(group.groups)});
  return all;
}

/// training: null, or what a trainer's optimizer remembers (state) and what else training on needs.
template <class T, class Device>
void write_keras(const Model<T, Device>& model, const OptimizerState<T>* state, TrainingToWrite* training,
                 const std::filesystem::path& path) {
  ModelToWrite written{
      model.name(), model.input_shape(), static_cast<std::int64_t>(sizeof(T)), {}, groups_to_write(model.groups())};
  std::vector<brindle::detail::HostCopy<T, Device>> values;  // until the file is written
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const Layer<T, Device>& layer = *model.layers()[i];
    ModelToWrite::Layer to{layer.who(),
                           layer.type(),
                           layer.name,
                           layer.config(),
                           layer.trainable,
                           layer.inference,
                           layer.merge() != nullptr,
                           model.output_shape(i),
                           model.inputs(i),
                           {}};
    for (const auto& parameter : layer.parameters()) {
      values.emplace_back(parameter.value.view());
      to.variables.push_back(
          {parameter.name, parameter.value.shape(), values.back().data(), parameter.learned, parameter.l2, {}});
      if (!state) continue;
      for (const auto& slot : state->slots)
        if (slot.layer == layer.name && slot.parameter == parameter.name)
          to.variables.back().slots.push_back(slot.value.data());
    }
    written.layers.push_back(std::move(to));
  }
  write_keras(written, training, path);
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
void save_keras(const Model<T, Device>& model, const std::filesystem::path& path) {
  detail::write_keras<T, Device>(model, nullptr, nullptr, path);
}

}  // namespace brindle::io
