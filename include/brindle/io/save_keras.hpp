// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "brindle/io/training_to_write.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer_state.hpp"

namespace brindle::io {

/// Writes a model as Keras 3 does, to be opened by it:
///
///     io::save_keras(model, "pets.keras");       // keras.models.load_model("pets.keras")
///     io::save_keras(model, "pets.h5");          // the same, in the format before .keras
///     io::save_keras(model, "pets.weights.h5");  // weights alone: model.load_weights("pets.weights.h5")
///
/// The ending says which. A row of layers becomes a Sequential, any other model a functional one, a group a model
/// inside; names, what is frozen, and what is called with training=False are kept. Zeros that a convolution adds of its
/// own, which Keras has not, become a ZeroPadding2D in front of it. Class names and how pictures become inputs are not
/// written: Keras's file has no place for them.
///
/// The file is whole or not written at all. Throws ValueError, before anything is written, with the name of a layer
/// that Keras has not, of a name that it does not take, or of a group that is no model; FileError that begins with the
/// path for another ending, for a file of 4 GB and more, and where it cannot be written.
template <class T, class Device>
void save_keras(const Model<T, Device>& model, const std::filesystem::path& path);

namespace detail {
template <class T, class Device>
void write_keras(const Model<T, Device>& model, const OptimizerState<T>* state, TrainingToWrite* training,
                 const std::filesystem::path& path);

/// What Keras's files can hold of a training: a Trainer.
template <class Trained>
concept TrainedForKeras = requires(const Trained& t) {
  t.model();
  t.loss().config();
  t.optimizer().config();
  t.optimizer_state();
  t.options().global_clipnorm;
  t.options().group;
};
}  // namespace detail

/// The same with the optimizer, its settings and what it remembers, and the loss, so that Keras trains on where the
/// trainer stopped:
///
///     io::save_keras(trainer, "pets.keras");  // keras.models.load_model("pets.keras").fit(...)
///
/// .weights.h5 has the optimizer's state for a model that is compiled in the same way. The learning rate is that of the
/// next step; a schedule of it is a callback, here and in Keras, which no file has.
///
/// With several processes all call it, since each has a part of what the optimizer remembers; the first one writes.
///
/// Throws besides ValueError for an optimizer, a loss or a setting that Keras 3 has not, and FileError for .h5: Keras 3
/// reads no optimizer's state from that.
template <detail::TrainedForKeras Trained>
void save_keras(const Trained& trainer, const std::filesystem::path& path) {
  const auto state = trainer.optimizer_state();
  if (const auto& group = trainer.options().group; group && group->rank() != 0) return;
  const auto& optimizer = trainer.optimizer();
  const auto& loss = trainer.loss();
  detail::TrainingToWrite training{.optimizer = optimizer.type(),
                                   .loss = loss.type(),
                                   .optimizer_config = optimizer.config(),
                                   .loss_config = loss.config(),
                                   .accuracy = loss.classes(trainer.model().output_shape()) > 0,
                                   .steps = state.steps,
                                   .slots = optimizer.slots(),
                                   .learning_rate = static_cast<float>(state.learning_rate),
                                   .double_rate = state.learning_rate};
  const auto& options = trainer.options();
  if (options.gradient_accumulation_steps > 1) training.not_written = "gradient_accumulation_steps";
  if (options.use_ema) training.not_written = "use_ema";
  if (options.clipvalue > 0) training.optimizer_config.set("clipvalue", options.clipvalue);
  if (options.clipnorm > 0) training.optimizer_config.set("clipnorm", options.clipnorm);
  if (options.global_clipnorm > 0) training.optimizer_config.set("global_clipnorm", options.global_clipnorm);
  detail::write_keras(trainer.model(), &state, &training, path);
}

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/save_keras_inl.hpp"
#endif
