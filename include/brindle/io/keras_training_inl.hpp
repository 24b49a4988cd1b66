// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what keras_training.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/io/config_json.hpp"
#include "brindle/io/hdf5_writer.hpp"
#include "brindle/io/keras_parts.hpp"
#include "brindle/io/keras_training.hpp"
#include "brindle/nn/library_losses.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE std::vector<std::vector<std::size_t>> keras_slot_sets(const std::string& optimizer) {
  if (optimizer == "Adam" || optimizer == "AdamW") return {{0, 1}, {2}};
  if (optimizer == "RMSprop" || optimizer == "SGD") return {{0}, {1}, {2}};
  return {};
}

BRINDLE_INLINE void check_keras_training(const TrainingToWrite& t) {
  const auto fail = [](const std::string& what) {
    brindle::detail::raise<ValueError>("save_keras: " + what + "; give the model instead of the trainer");
  };
  if (keras_slot_sets(t.optimizer).empty()) fail("Keras has no optimizer " + t.optimizer);
  if (!brindle::detail::is_loss_of_the_library(t.loss)) fail("Keras has no loss " + t.loss);
  if (t.loss == "SparseCategoricalCrossentropy" && t.loss_config.get("label_smoothing", 0.0) != 0)
    fail("Keras's SparseCategoricalCrossentropy has no label_smoothing");
  if (!t.not_written.empty()) fail("what " + t.not_written + " keeps between two steps is not written");
  if (t.optimizer_config.get("keras2", false))
    fail(t.optimizer + "{.keras2 = true} computes as Keras 2 did, and Keras 3 does not");
  if (t.loss_config.get("keras2", false))
    fail(t.loss + "{.keras2 = true} computes as Keras 2 did, and Keras 3 does not");
  for (const auto& [key, value] : t.optimizer_config.entries()) {
    if (key == "layer_rates") fail("Keras has no learning rates by layer");
    if (key == "exclude_from_weight_decay")
      fail("Keras's files have no place for the names that " + t.optimizer + " excludes from weight decay");
  }
}

/// A thing with settings, as Keras writes it.
BRINDLE_INLINE nlohmann::ordered_json keras_object(const std::string& module, const std::string& type,
                                                   const Config& config) {
  nlohmann::ordered_json settings = to_json(config);
  settings.erase("keras2");
  return {{"module", module}, {"class_name", type}, {"config", settings}, {"registered_name", nullptr}};
}

BRINDLE_INLINE nlohmann::ordered_json keras_compile_json(const TrainingToWrite& t) {
  nlohmann::ordered_json json{{"optimizer", keras_object("keras.optimizers", t.optimizer, t.optimizer_config)},
                              {"loss", keras_object("keras.losses", t.loss, t.loss_config)},
                              {"loss_weights", nullptr},
                              {"metrics", nullptr},
                              {"weighted_metrics", nullptr},
                              {"run_eagerly", false},
                              {"steps_per_execution", 1},
                              {"jit_compile", false}};
  if (t.accuracy) json["metrics"] = nlohmann::ordered_json::array({"accuracy"});
  return json;
}

BRINDLE_INLINE void collect_weights(const KerasPart& part, const std::string& scope, bool learned,
                                    std::vector<std::pair<std::string, ModelToWrite::Variable>>& to) {
  for (const ModelToWrite::Variable& variable : part.variables)
    if ((variable.learned && part.trainable) == learned) to.emplace_back(scope + "/" + variable.name, variable);
  if (!part.is_model()) return;
  for (const std::size_t number : keras_order(part))
    if (number > 0) collect_weights(part.parts[number - 1], scope + "/" + part.parts[number - 1].name, learned, to);
}

BRINDLE_INLINE void add_keras_optimizer(const KerasPart& model, TrainingToWrite& t, std::int64_t element,
                                        Hdf5Writer& to) {
  std::vector<std::pair<std::string, ModelToWrite::Variable>> learned;
  collect_weights(model, "", true, learned);
  std::int64_t largest = 0;
  for (const auto& [name, variable] : learned) largest = std::max(largest, variable.shape.size());
  t.zeros.assign(static_cast<std::size_t>(largest * element), 0);
  int number = 0;
  const auto next = [&] { return "optimizer/vars/" + std::to_string(number++); };
  to.add_integer(next(), t.steps);
  to.add_dataset(next(), {}, element, element == 8 ? static_cast<const void*>(&t.double_rate) : &t.learning_rate);
  for (const std::vector<std::size_t>& set : keras_slot_sets(t.optimizer))
    for (const auto& [name, variable] : learned)
      for (const std::size_t slot : set)
        if (slot < static_cast<std::size_t>(t.slots))
          to.add_dataset(next(), variable.shape, element,
                         slot < variable.slots.size() ? variable.slots[slot] : t.zeros.data());
}

}  // namespace brindle::io::detail
