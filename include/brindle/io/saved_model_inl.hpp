// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what saved_model.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/io/certainty_json.hpp"
#include "brindle/io/checked_specs.hpp"
#include "brindle/io/config_json.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/parse_json.hpp"
#include "brindle/io/picture_input_json.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/io/saved_tensors.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle::io::detail {

/// Throws ValueError for a card that is too long, or no UTF-8, which JSON has to be.
BRINDLE_INLINE void check_card(const std::string& who, const std::string& card) {
  if (card.size() > ModelInfo::most_card_bytes)
    brindle::detail::raise<ValueError>(who + ": the card has " + std::to_string(card.size()) +
                                       " bytes, expected at most " + std::to_string(ModelInfo::most_card_bytes) +
                                       "; keep it beside the model");
  try {
    nlohmann::ordered_json(card).dump();
  } catch (const nlohmann::json::exception&) {
    brindle::detail::raise<ValueError>(who + ": the card is no UTF-8; write it in that");
  }
}

BRINDLE_INLINE void check_class_names(const std::string& who, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(names.begin(), end, names[i]) != end)
      brindle::detail::raise<ValueError>(who + ": two classes are named \"" + names[i] + "\"");
    try {
      nlohmann::ordered_json(names[i]).dump();
    } catch (const nlohmann::json::exception&) {
      brindle::detail::raise<ValueError>(who + ": the name of class " + std::to_string(i) + ", \"" + names[i] +
                                         "\", is no UTF-8; rename the class, its folder or its files");
    }
  }
}

/// Throws ValueError if the info does not fit a model that takes samples x and gives y.
BRINDLE_INLINE void check_info(const std::string& who, const Shape& x, const Shape& y, const ModelInfo& info) {
  const std::int64_t outputs = y.size(), classes = std::max<std::int64_t>(outputs, 2);
  const auto names = static_cast<std::int64_t>(info.class_names.size());
  if (names != 0 && names != classes)
    brindle::detail::raise<ValueError>(who + ": " + std::to_string(names) + " class names for a model of " +
                                       std::to_string(outputs) + (outputs == 1 ? " output, expected 2" : " outputs") +
                                       "; give one name a class, in the order of the labels");
  check_class_names(who, info.class_names);
  check_certainty(who, info.temperature, info.answers);
  check_card(who, info.card);
  brindle::detail::check_familiarity(who, info.familiarity);
  if (!info.input) return;
  image::check_picture_input(who, *info.input);
  if (!(info.input->shape() == x))
    brindle::detail::raise<ValueError>(who + ": pictures become " + to_string_batch(info.input->shape()) +
                                       ", the model takes " + to_string_batch(x));
}

/// How a picture becomes the model's input x, as a description of any version has it. The first version had a name of
/// the preprocessing; pictures were stretched to the model's size, nearest, and a model of one channel took grey ones.
template <class Json>
std::optional<PictureInput> stored_input(const Json& json, const Shape& x) {
  if (whole_number<std::int64_t>(json.at("version")) >= 2)
    return json.at("input").is_null() ? std::optional<PictureInput>() : picture_input_from_json(json.at("input"));
  const Preprocessing known = preprocessing(json.at("preprocessing").template get<std::string>());
  if (x.rank() != 3 || (x[2] != 1 && x[2] != 3) || (known.channels != 0 && known.channels != x[2])) return std::nullopt;
  return PictureInput{
      .size = {x[0], x[1]}, .color_mode = x[2] == 1 ? ColorMode::grayscale : ColorMode::rgb, .preprocessing = known};
}

/// The oldest version of the format that can say what the model is.
template <class T, class Device>
std::int64_t version_of(const Model<T, Device>& model) {
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters())
      if (p.l2 > 0) return 5;
  const auto inference = [](const auto& of) { return of.inference; };
  const auto of_3 = [](const auto& group) { return group.inference || !group.groups.empty(); };
  const bool as_before =
      model.graph().is_row() && std::none_of(model.groups().begin(), model.groups().end(), of_3) &&
      std::none_of(model.layers().begin(), model.layers().end(), [&](const auto& layer) { return inference(*layer); });
  return as_before ? 2 : 3;
}

/// Groups of layers with those inside them.
template <class Groups>
nlohmann::ordered_json json_of_groups(const Groups& groups) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& group : groups) {
    json.push_back({{"name", group.name}, {"begin", group.begin}, {"end", group.end}});
    if (group.inference) json.back()["inference"] = true;
    if (!group.groups.empty()) json.back()["groups"] = json_of_groups(group.groups);
  }
  return json;
}

/// A group of a description. Throws ValueError for one that is nested more than 16 deep, as Keras's models are not
/// either.
template <class Group, class Json>
Group stored_group(const Json& json, std::int64_t version, int depth = 0) {
  Group group{json.at("name").template get<std::string>(),
              whole_number<std::size_t>(json.at("begin")),
              whole_number<std::size_t>(json.at("end")),
              false,
              {}};
  if (version < 3) return group;
  group.inference = json.value("inference", false);
  if (!json.contains("groups")) return group;
  if (depth == 16)
    brindle::detail::raise<ValueError>("group \"" + group.name + "\": groups are nested more than 16 deep");
  for (const auto& inner : json.at("groups")) group.groups.push_back(stored_group<Group>(inner, version, depth + 1));
  return group;
}

/// The layers that one of a model reads, by their names; null stands for the model's input.
template <class T, class Device>
nlohmann::ordered_json names_of(const Model<T, Device>& model, const std::vector<std::size_t>& values) {
  auto names = nlohmann::ordered_json::array();
  for (const std::size_t value : values)
    names.push_back(value == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(model.layers()[value - 1]->name));
  return names;
}

/// The values that layer i of a description reads, of the model with the layers before it. Without "inputs" that is
/// what the one before it gives. Throws ValueError for a layer that is not there, or not yet.
template <class Json, class T, class Device>
std::vector<std::size_t> stored_inputs(const Json& layers, std::size_t i, const Model<T, Device>& model) {
  if (!layers[i].contains("inputs")) return {model.graph().output()};
  const Json& names = layers[i].at("inputs");
  const std::string who = "layer \"" + layers[i].at("name").template get<std::string>() + "\"";
  if (!names.is_array() || names.empty() || names.size() > 10000)
    brindle::detail::raise<ValueError>(who + ": \"inputs\" is no list of 1 to 10000 names of layers");
  std::vector<std::size_t> values;
  for (const Json& name : names) {
    if (!name.is_null() && !name.is_string())
      brindle::detail::raise<ValueError>(who + ": reads " + name.dump() +
                                         ", expected a layer's name, or null, the model's input");
    if (name.is_null()) {
      values.push_back(0);
      continue;
    }
    const auto is = [&](const auto& other) { return other.at("name") == name; };
    const auto at = std::find_if(layers.begin(), layers.end(), is) - layers.begin();
    if (static_cast<std::size_t>(at) == layers.size())
      brindle::detail::raise<ValueError>(who + ": reads " + name.dump() + ", and there is no such layer");
    if (static_cast<std::size_t>(at) >= i)
      brindle::detail::raise<ValueError>(who + ": reads " + name.dump() +
                                         ", which does not come before it; a layer reads earlier ones");
    values.push_back(static_cast<std::size_t>(at) + 1);
  }
  return values;
}

}  // namespace brindle::io::detail

namespace brindle::io {

template <class T, class Device>
void save_model(const Model<T, Device>& model, const std::filesystem::path& path, const ModelInfo& info,
                const OptimizerState<T>* optimizer) {
  detail::check_info("save_model", model.input_shape(), model.output_shape(), info);
  nlohmann::ordered_json json;
  json["version"] = std::max<std::int64_t>(detail::version_of(model), info.familiarity ? 4 : 0);
  json["name"] = model.name();
  json["input_shape"] = std::vector<std::int64_t>(model.input_shape().begin(), model.input_shape().end());
  json["class_names"] = info.class_names;
  json["input"] = info.input ? detail::to_json(*info.input) : nlohmann::ordered_json();
  json["from_logits"] = info.from_logits;
  if (info.each_output) json["each_output"] = true;
  detail::write_certainty(json, info.temperature, info.answers);
  if (!info.card.empty()) json["card"] = info.card;
  json["layers"] = nlohmann::ordered_json::array();
  std::vector<SafetensorsEntry> entries;
  std::vector<brindle::detail::HostCopy<T, Device>> values;  // until the file is written
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const auto& layer = *model.layers()[i];
    json["layers"].push_back({{"type", layer.type()},
                              {"name", layer.name},
                              {"trainable", layer.trainable},
                              {"config", detail::to_json(layer.config())}});
    if (layer.inference) json["layers"].back()["inference"] = true;
    if (model.inputs(i) != std::vector<std::size_t>{i})
      json["layers"].back()["inputs"] = detail::names_of(model, model.inputs(i));
    for (const auto& p : layer.parameters()) {
      if (p.l2 > 0) json["layers"].back()["l2"][p.name] = p.l2;
      values.emplace_back(p.value.view());
      entries.push_back({detail::tensor_name(layer.name, p.name), detail::safetensors_dtype<T>(), p.value.shape(),
                         values.back().data(), static_cast<std::int64_t>(p.value.bytes())});
    }
  }
  json["groups"] = detail::json_of_groups(model.groups());
  if (info.familiarity) entries.push_back(detail::write_familiarity(json, info.familiarity));
  if (optimizer) {
    json["optimizer"] = {{"type", optimizer->type},
                         {"steps", optimizer->steps},
                         {"learning_rate", optimizer->learning_rate},
                         {"passes", optimizer->passes},
                         {"samples", optimizer->samples}};
    for (const auto& slot : optimizer->slots)
      entries.push_back({detail::slot_name(slot.layer, slot.parameter, slot.number), detail::safetensors_dtype<T>(),
                         slot.value.shape(), slot.value.data(), static_cast<std::int64_t>(slot.value.bytes())});
  }
  write_safetensors(path, entries, {{"brindle", json.dump()}}, {.sync = true});
}

template <class T, class Device>
void save_model(const Model<T, Device>& model, const std::filesystem::path& path, const data::Source& trained_on,
                const SaveOptions& options, const OptimizerState<T>* optimizer) {
  if (!(trained_on.sample_shape() == model.input_shape()))
    brindle::detail::raise<ValueError>("save_model: the data give " + to_string_batch(trained_on.sample_shape()) +
                                       ", the model takes " + to_string_batch(model.input_shape()) +
                                       "; pass the data that it was trained on");
  ModelInfo info{.class_names = trained_on.class_names(),
                 .input = trained_on.picture_input(),
                 .from_logits = options.from_logits,
                 .each_output = options.each_output,
                 .temperature = options.temperature,
                 .answers = options.answers,
                 .familiarity = options.familiarity,
                 .card = options.card};
  if (info.input && !(info.input->shape() == model.input_shape())) info.input = {};  // features of pictures
  save_model(model, path, info, optimizer);
}

template <class T, class Device>
SavedModel<T, Device> load_model(const std::filesystem::path& path, const Device& on,
                                 const LayerRegistry<T, Device>& registry) {
  SafetensorsFile file(path);
  const auto fail = [&](const std::string& what) { detail::raise<FileError>(file.path() + ": " + what); };
  const auto found = file.metadata().find("brindle");
  if (found == file.metadata().end())
    fail("holds weights but no model; load them into a model of your own with load_weights");
  const auto json = detail::parse_json(found->second);
  try {
    const auto version = detail::whole_number<std::int64_t>(json.at("version"));
    if (version > saved_model_version)
      fail("is of version " + std::to_string(version) + " of the format, this library reads up to " +
           std::to_string(saved_model_version) + "; update the library");
    std::vector<std::int64_t> input;
    for (const auto& n : json.at("input_shape")) input.push_back(detail::whole_number<std::int64_t>(n));
    SavedModel<T, Device> saved{Model<T, Device>(on, Shape(input.begin(), input.end())), {}};
    if (json.contains("optimizer"))
      saved.optimizer = OptimizerState<T>{
          json["optimizer"].at("type").template get<std::string>(),
          detail::whole_number<std::int64_t>(json["optimizer"].at("steps")),
          json["optimizer"].at("learning_rate").template get<double>(),
          json["optimizer"].contains("passes") ? detail::whole_number<std::uint32_t>(json["optimizer"]["passes"]) : 0,
          json["optimizer"].contains("samples") ? detail::whole_number<std::uint64_t>(json["optimizer"]["samples"]) : 0,
          {}};
    saved.info.class_names = json.at("class_names").template get<std::vector<std::string>>();
    saved.info.input = detail::stored_input(json, saved.model.input_shape());
    saved.info.from_logits = json.value("from_logits", false);
    saved.info.each_output = json.value("each_output", false);
    saved.info.temperature = json.value("temperature", 1.0);
    saved.info.answers = detail::stored_answers(json);
    saved.info.card = json.value("card", "");
    saved.model.set_name(json.at("name").template get<std::string>());
    if (json.at("layers").size() > 10000) fail("has more than 10000 layers");
    std::size_t tensors = 0;
    const auto& layers = json.at("layers");
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto& entry = layers[i];
      auto layer =
          registry.make(entry.at("type").template get<std::string>(), detail::config_from_json(entry.at("config")));
      layer->name = entry.at("name").template get<std::string>();
      for (const auto& [setting, since] : {std::pair{"inputs", 3}, {"inference", 3}, {"l2", 5}})
        if (version < since && entry.contains(setting))
          fail(layer->who() + " says \"" + setting + "\", which version " + std::to_string(version) +
               " of the format has not");
      const std::vector<std::size_t> inputs = detail::stored_inputs(layers, i, saved.model);
      // Sizes are checked against the file before a layer takes memory for them.
      for (const ParameterSpec& spec : detail::checked_specs(saved.model, *layer, inputs)) {
        const std::string tensor = detail::tensor_name(layer->name, spec.name);
        if (!(file.entry(tensor).shape == spec.shape))
          fail("tensor \"" + tensor + "\" has shape " + to_string(file.entry(tensor).shape) + ", the layer needs " +
               to_string(spec.shape));
        ++tensors;
        if (!saved.optimizer) continue;
        for (std::int64_t k = 0;; ++k, ++tensors) {
          const std::string slot = detail::slot_name(layer->name, spec.name, k);
          if (!file.contains(slot)) break;
          if (!(file.entry(slot).shape == spec.shape))
            fail("tensor \"" + slot + "\" has shape " + to_string(file.entry(slot).shape) + ", its parameter has " +
                 to_string(spec.shape));
          saved.optimizer->slots.push_back({layer->name, spec.name, k, {}});
        }
      }
      layer->trainable = entry.at("trainable").template get<bool>();
      const std::string name = layer->name;
      saved.model.add_uninitialized(std::move(layer), name, inputs);
      if (entry.contains("l2"))
        for (const auto& [parameter, l2] : entry.at("l2").items())
          saved.model.set_l2(name, parameter, l2.template get<double>());
    }
    if (!saved.model.graph().is_row()) saved.model.check_output(saved.model.graph().output());
    if (version >= 4 && json.contains("familiarity")) {
      ++tensors;
      saved.info.familiarity = detail::stored_familiarity(json, file);
    }
    if (tensors != file.entries().size())
      fail("has " + std::to_string(file.entries().size()) + " tensors, its layers have " + std::to_string(tensors));
    for (const auto& group : json.at("groups"))
      saved.model.add_group(detail::stored_group<typename Model<T, Device>::Group>(group, version));
    for (std::size_t i = 0; i < layers.size(); ++i)
      saved.model.layers()[i]->inference = layers[i].value("inference", false);
    // The first version took any number of names.
    if (version != 1)
      detail::check_info("its description", saved.model.input_shape(), saved.model.output_shape(), saved.info);
    for (const auto& layer : saved.model.layers())
      for (auto& p : layer->parameters()) {
        const std::string tensor = detail::tensor_name(layer->name, p.name);
        if constexpr (std::is_same_v<Device, Cpu>) {
          file.read_into<T>(tensor, p.value.view());
        } else {
          Tensor<T> read = Tensor<T>::uninitialized(p.value.shape());
          file.read_into<T>(tensor, read.view());
          brindle::detail::copy_between_devices<T, Cpu, Device>(read.view(), p.value.view());
        }
      }
    if (saved.optimizer)
      for (auto& slot : saved.optimizer->slots)
        slot.value = file.read<T>(detail::slot_name(slot.layer, slot.parameter, slot.number));
    return saved;
  } catch (const nlohmann::json::exception& e) {
    detail::raise<FileError>(file.path() + ": the description of the model cannot be understood: " + e.what());
  } catch (const ShapeError& e) {
    detail::raise<FileError>(file.path() + ": " + e.what());
  } catch (const ValueError& e) {
    detail::raise<FileError>(file.path() + ": " + e.what());
  }
}

}  // namespace brindle::io
