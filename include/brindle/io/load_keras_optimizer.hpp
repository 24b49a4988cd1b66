// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "brindle/nn/config.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer_state.hpp"

namespace brindle::io {
namespace detail {

/// An optimizer that is to take over what Keras's remembers.
struct KerasOptimizerTaker {
  std::string type;        ///< "Adam"
  Config config;           ///< its settings
  std::int64_t slots = 0;  ///< of a parameter
};

/// state: of the trainer as it is, whose slots, steps and learning rate become the file's.
template <class T, class Device>
void read_keras_optimizer(const Model<T, Device>& model, const KerasOptimizerTaker& to,
                          const std::filesystem::path& path, OptimizerState<T>& state);

/// What can take over an optimizer's state: a Trainer.
template <class Trained>
concept TakesOptimizerState = requires(Trained& t) {
  t.model();
  t.optimizer().config();
  t.set_optimizer_state(t.optimizer_state());
};

}  // namespace detail

/// Lets a trainer of the model that load_keras() gave go on where Keras stopped: with what the optimizer remembers, its
/// number of steps and its learning rate.
///
///     auto model = io::load_keras("pets.keras");
///     Trainer trainer{model, Adam{}, BinaryCrossentropy{}};  // as compile() was told
///     io::load_keras_optimizer(trainer, "pets.keras");
///
/// The trainer has an optimizer of the same kind and settings; loss, clipping and L2 penalties are its own affair.
///
/// Throws FileError that begins with the path: no .keras file, one of a model that was not compiled or is not the
/// trainer's, of another optimizer or another setting, by name; averaged weights (use_ema), accumulated gradients and a
/// schedule of the learning rate, which are not taken over; arrays that do not fit the parameters that learn. The
/// trainer is then as it was.
template <detail::TakesOptimizerState Trained>
void load_keras_optimizer(Trained& trainer, const std::filesystem::path& path) {
  auto state = trainer.optimizer_state();
  const auto& optimizer = trainer.optimizer();
  detail::read_keras_optimizer(trainer.model(), {optimizer.type(), optimizer.config(), optimizer.slots()}, path, state);
  trainer.set_optimizer_state(state);
}

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/load_keras_optimizer_inl.hpp"
#endif
