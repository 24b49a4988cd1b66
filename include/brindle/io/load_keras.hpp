// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "brindle/nn/model.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle::io {

struct LoadKerasOptions {
  Shape input = {};  ///< of one sample, for a model whose file leaves it open (None); rank 0: the file's
  /// Takes lines for the user: what of the model was left out, and which layers were dropped.
  std::function<void(const std::string&)> tell = {};
};

/// A model that Keras saved: a .keras file, or HDF5 with architecture (Keras 2, and the legacy format of Keras 3).
///
///     auto model = io::load_keras("pets.keras");
///
/// Sequential and functional models of one input and one output; nested models become groups of layers (an inner one a
/// part of the outer). Layers keep their names, what is frozen, and what runs as in prediction because it is called
/// with training=False; where a nested model's layer has the name of another one it is called "model/layer", with all
/// models around it. Arithmetic with numbers (x / 127.5 - 1) becomes Rescaling, x + y and x * y of layers Add and
/// Multiply.
///
/// Regularizers but L2, and constraints, are not taken over, layers that act in training only (RandomFlip and other
/// augmentation, noise) are dropped; of these options.tell hears in a line each. For the optimizer's state there is
/// load_keras_optimizer().
/// registry: where layers of the user's own are known.
///
/// Throws FileError that begins with the path: no such file, or one of weights without a model (load_weights() reads
/// those); an input whose size is open in file and options; a layer or a setting that is not known, with its name and
/// position; several inputs or outputs, layers that are shared; weights that do not fit the layers, all of them in one
/// message.
template <class T = float, class Device = Cpu>
Model<T, Device> load_keras(const std::filesystem::path& path, const LoadKerasOptions& options = {},
                            const Device& on = Device{}, const LayerRegistry<T, Device>& registry = {});

}  // namespace brindle::io

#ifndef BRINDLE_COMPILED
#include "brindle/io/load_keras_inl.hpp"
#endif
