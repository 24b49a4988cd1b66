// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "brindle/data/source.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle::io {

/// What a saved model knows beside its layers and weights.
struct ModelInfo {
  static constexpr std::size_t most_card_bytes = 1 << 16;  ///< in `card`; files may have no more either

  std::vector<std::string> class_names = {};  ///< by class number; for one output those of 0 and 1; or none
  std::optional<PictureInput> input = {};     ///< how a picture becomes x; none: it cannot classify pictures by itself
  bool from_logits = false;      ///< the outputs are logits: probabilities by sigmoid (one output) or softmax
  bool each_output = false;      ///< of logits: probabilities by sigmoid, also of several outputs (multi-label)
  double temperature = 1;        ///< that is in the weights already, see calibrate(): to be told, not to be applied
  AnswerTable answers = {};      ///< of validation samples, as the weights are now; without rows: there is none
  Familiarity familiarity = {};  ///< what tells pictures unlike the training pictures; without features: nothing
  std::string card = {};         ///< for people, Markdown in UTF-8, see report::model_card(); empty: there is none
};

/// The latest version of the format. save_model writes it where weights have penalties (Model::set_l2), version 4 where
/// the info has a familiarity, version 3 where layers do not stand in a row, or run for inference while the model is
/// trained (Layer::inference); any other model is written as version 2. All versions are read for ever.
inline constexpr std::int64_t saved_model_version = 5;

/// Writes a model to one safetensors file: the weights as tensors "layer/parameter", and in the header's metadata,
/// under "brindle", the layers with their settings as JSON. Whole or not at all; the weights come back bit by bit.
/// optimizer: null, or what optimizer_state() of this model's trainer gave, to train on later. Throws ValueError if the
/// info does not fit the model, FileError that begins with the path.
template <class T, class Device>
void save_model(const Model<T, Device>& model, const std::filesystem::path& path, const ModelInfo& info = {},
                const OptimizerState<T>* optimizer = nullptr);

struct SaveOptions {
  bool from_logits = false;      ///< see ModelInfo
  bool each_output = false;      ///< see ModelInfo
  double temperature = 1;        ///< see ModelInfo
  AnswerTable answers = {};      ///< see ModelInfo
  Familiarity familiarity = {};  ///< see ModelInfo
  std::string card = {};         ///< see ModelInfo
};

/// The same with class names and the way from a picture to x taken from the data that the model was trained on.
///
///     io::save_model(model, "pets.safetensors", photos);
///
/// Throws ValueError if the data's samples are not the model's, or there are not as many classes as outputs (two for
/// one output); FileError that begins with the path.
template <class T, class Device>
void save_model(const Model<T, Device>& model, const std::filesystem::path& path, const data::Source& trained_on,
                const SaveOptions& options = {}, const OptimizerState<T>* optimizer = nullptr);

/// What was trained: a Trainer, which knows its model, what the loss takes its outputs for and its optimizer.
template <class Trained>
concept TrainedModel = requires(const Trained& t, const data::Source& data) {
  t.model();
  t.check_same_data("", data);
  { t.from_logits() } -> std::convertible_to<bool>;
  { t.each_output() } -> std::convertible_to<bool>;
};

/// The same of a trainer's model; whether its outputs are logits, its loss says. What the optimizer remembers is not
/// written: to train on later, give trainer.model() and trainer.optimizer_state() to the function above.
///
///     io::save_model(trainer, "pets.safetensors", photos);
///
/// Throws besides DataError if the data has other classes than those of the last fit(), or its pictures become input in
/// another way.
template <TrainedModel Trained>
void save_model(const Trained& trainer, const std::filesystem::path& path, const data::Source& trained_on) {
  trainer.check_same_data("save_model", trained_on);
  save_model(
      trainer.model(), path, trained_on,
      SaveOptions{.from_logits = trainer.from_logits(), .each_output = trainer.from_logits() && trainer.each_output()});
}

template <class T, class Device = Cpu>
struct SavedModel {
  Model<T, Device> model;                           ///< layers and weights
  ModelInfo info;                                   ///< what the model needs to be used
  std::optional<OptimizerState<T>> optimizer = {};  ///< if it was saved; a trainer's set_optimizer_state() takes it
};

/// Reads what save_model wrote. registry: where layers of the user's own are known.
/// Throws FileError that begins with the path: no such file, no model, a later version, a layer that is not known,
/// tensors that are missing, surplus or of another shape, layers that read what is not there or that nobody reads.
template <class T = float, class Device = Cpu>
SavedModel<T, Device> load_model(const std::filesystem::path& path, const Device& on = Device{},
                                 const LayerRegistry<T, Device>& registry = {});

namespace detail {

/// Throws ValueError for two classes of one name, and for a name that is no UTF-8, which JSON has to be.
void check_class_names(const std::string& who, const std::vector<std::string>& names);

}  // namespace detail
}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/saved_model_inl.hpp"
#endif
