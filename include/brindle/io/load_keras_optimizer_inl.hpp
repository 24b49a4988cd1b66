// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what load_keras_optimizer.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/keras_config.hpp"
#include "brindle/io/keras_description.hpp"
#include "brindle/io/keras_training.hpp"
#include "brindle/io/keras_weights.hpp"
#include "brindle/io/load_keras_optimizer.hpp"
#include "brindle/io/parse_json.hpp"
#include "brindle/io/weight_format.hpp"
#include "brindle/io/zip.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer_state.hpp"

namespace brindle::io::detail {

/// A setting as a number, true being 1; NaN for what is none. Keras's null is 0: no decay.
BRINDLE_INLINE double setting_number(const KerasJson& json) {
  if (json.is_null()) return 0;
  if (json.is_boolean()) return json.get<bool>() ? 1 : 0;
  return json.is_number() ? json.get<double>() : std::nan("");
}

BRINDLE_INLINE double setting_number(const Config::Value* value) {
  if (!value) return 0;
  if (const auto* flag = std::get_if<bool>(value)) return *flag ? 1 : 0;
  if (const auto* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  const auto* number = std::get_if<double>(value);
  return number ? *number : std::nan("");
}

/// What compile("adam") stands for: the file then has the name alone, in any case, and the settings are Keras's
/// defaults.
BRINDLE_INLINE KerasJson keras_optimizer_by_name(const std::string& name) {
  const KerasJson adam{
      {"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", false}, {"weight_decay", nullptr}};
  KerasJson adamw = adam;
  adamw["weight_decay"] = 0.004;
  const KerasJson rmsprop{
      {"rho", 0.9}, {"momentum", 0}, {"epsilon", 1e-7}, {"centered", false}, {"weight_decay", nullptr}};
  const KerasJson sgd{{"momentum", 0}, {"nesterov", false}, {"weight_decay", nullptr}};
  const std::pair<const char*, KerasJson> defaults[] = {
      {"Adam", adam}, {"AdamW", adamw}, {"RMSprop", rmsprop}, {"SGD", sgd}};
  const auto lower = [](std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
  };
  for (const auto& [type, settings] : defaults)
    if (lower(name) == lower(type)) return {{"class_name", type}, {"config", settings}};
  return {{"class_name", name}};
}

/// What compile() was told of the optimizer, and whether that is what is to go on. Returns what is wrong, or nothing.
BRINDLE_INLINE std::string other_keras_optimizer(const KerasJson& config, const KerasOptimizerTaker& to) {
  const KerasJson compiled = config.value("compile_config", KerasJson());
  if (!compiled.is_object() || !compiled.contains("optimizer"))
    return "holds no optimizer: the model was not compiled when it was saved";
  const KerasJson& told = compiled.at("optimizer");
  const KerasJson optimizer = told.is_string() ? keras_optimizer_by_name(told.get<std::string>()) : told;
  const std::string type = optimizer.value("class_name", "");
  if (keras_slot_sets(to.type).empty()) return "Keras has no optimizer " + to.type;
  if (type != to.type) return "is of the optimizer " + type + ", the trainer has " + to.type;
  if (to.config.get("keras2", false)) return to.type + "{.keras2 = true} computes as Keras 2 did, and Keras 3 does not";
  // Of the trainer's options, or the name; the learning rate is taken over.
  static const std::set<std::string> others{
      "name",    "clipnorm",     "global_clipnorm",         "clipvalue",         "learning_rate",
      "use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps"};
  const KerasJson settings = optimizer.value("config", KerasJson::object());
  if (settings.value("use_ema", KerasJson(false)) == true)
    return "has averages of the weights (use_ema), which are not taken over";
  if (setting_number(settings.value("gradient_accumulation_steps", KerasJson())) > 1)
    return "has accumulated gradients (gradient_accumulation_steps), which are not taken over";
  const KerasJson rate = settings.value("learning_rate", KerasJson());
  if (rate.is_object())
    return "its learning rate follows a schedule (" + rate.value("class_name", "") +
           "), which is a callback here and not taken over; save the model compiled with a number";
  for (const auto& [key, value] : settings.items()) {
    if (others.count(key) > 0) continue;
    const double theirs = setting_number(value), ours = setting_number(to.config.find(key));
    if (!(std::abs(theirs - ours) <= 1e-6 * std::abs(theirs)))
      return "the " + key + " of its " + type + " is " + value.dump() + ", of the trainer's " +
             brindle::detail::number_text(ours) + "; give the trainer an optimizer of the same settings";
  }
  return {};
}

/// Whether the model's layers are those of the file, which says in which order the arrays come. What is wrong, or
/// nothing.
template <class T, class Device>
std::string other_keras_model(const KerasModel& file, const Model<T, Device>& model) {
  const std::vector<std::string> names = unique_names(file);
  for (std::size_t i = 0; i < std::max(names.size(), model.layers().size()); ++i) {
    const std::string theirs = i < names.size() ? "\"" + names[i] + "\"" : "missing";
    const std::string ours = i < model.layers().size() ? "\"" + model.layers()[i]->name + "\"" : "missing";
    if (theirs != ours)
      return "is of another model than the trainer's: layer " + std::to_string(i + 1) + " is " + theirs +
             " in the file, " + ours + " in the trainer's; load that with load_keras";
  }
  return {};
}

template <class T, class Device>
void read_keras_optimizer(const Model<T, Device>& model, const KerasOptimizerTaker& to,
                          const std::filesystem::path& path, OptimizerState<T>& state) {
  const auto fail = [&](const std::string& what) { brindle::detail::raise<FileError>(path.string() + ": " + what); };
  const auto expect_nothing = [&](const std::string& wrong) {
    if (!wrong.empty()) fail(wrong);
  };
  if (weight_format(path) != WeightFormat::keras)
    fail("is no .keras file, which alone says what optimizer its state is of; save the model so in Keras");
  if (state.type != to.type)
    fail("the trainer averages weights or accumulates gradients (" + state.type +
         "), of which the file has nothing; take a trainer without");
  const ZipFile zip(path.string());
  const std::string text = zip.read("config.json");
  const std::string version = zip.contains("metadata.json") ? keras_version(zip.read("metadata.json")) : "";
  expect_nothing(other_keras_model(keras_model_config(path.string(), text, version), model));
  try {
    expect_nothing(other_keras_optimizer(parse_json(text), to));
  } catch (const nlohmann::json::exception& e) {
    fail(std::string("what it says of the optimizer cannot be understood: ") + e.what());
  }

  const std::shared_ptr<Hdf5File> file = keras_archive_weights(zip);
  const std::string vars = "optimizer/vars";
  const auto name = [&](std::size_t number) { return vars + "/" + std::to_string(number); };
  const std::size_t count = file->children(vars).size();
  if (count < 2) fail("holds no state of the optimizer");
  float rate = 0;
  const std::int64_t steps = file->integer(name(0));
  file->read(name(1), TensorView<float>(&rate, Shape{}));
  if (steps < 0) fail("its optimizer has made " + std::to_string(steps) + " steps");
  if (!(std::isfinite(rate) && rate >= 0))
    fail("its learning rate is " + brindle::detail::number_text(static_cast<double>(rate)));
  // An optimizer that has made no step has no arrays yet.
  const auto slots = static_cast<std::size_t>(to.slots);
  const std::size_t parameters = slots == 0 ? 0 : state.slots.size() / slots;
  const bool fresh = count == 2 && steps == 0;
  if (!fresh && count - 2 != state.slots.size())
    fail("its optimizer keeps " + std::to_string(count - 2) + " arrays, the trainer's " + to.type + " " +
         std::to_string(slots) + " for each of " + std::to_string(parameters) +
         " parameters that learn; is the same part trainable?");

  std::vector<Tensor<T, Cpu>> values;  // all of them are read before one is taken
  std::vector<std::size_t> places;
  std::size_t next = 2;
  for (const std::vector<std::size_t>& set : keras_slot_sets(to.type))
    for (std::size_t p = 0; p < parameters && !fresh; ++p)
      for (const std::size_t slot : set) {
        if (slot >= slots) continue;
        const auto& known = state.slots[p * slots + slot];
        const Shape there = file->shape(name(next));
        if (!(there == known.value.shape()))
          fail("\"" + name(next) + "\" is " + to_string(there) + ", expected " + to_string(known.value.shape()) +
               " as \"" + known.parameter + "\" of layer \"" + known.layer + "\"; is the same part trainable?");
        Tensor<float> read(there);
        file->read(name(next++), read.view());
        Tensor<T, Cpu> value(there);
        std::copy(read.span().begin(), read.span().end(), value.span().begin());
        values.push_back(std::move(value));
        places.push_back(p * slots + slot);
      }
  for (std::size_t i = 0; i < values.size(); ++i) state.slots[places[i]].value = std::move(values[i]);
  if (fresh)
    for (auto& slot : state.slots) std::fill(slot.value.span().begin(), slot.value.span().end(), T(0));
  state.steps = steps;
  state.learning_rate = static_cast<double>(rate);
}

}  // namespace brindle::io::detail
