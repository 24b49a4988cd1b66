// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/io/hdf5_writer.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/keras_parts.hpp"
#include "brindle/io/training_to_write.hpp"

namespace brindle::io::detail {

/// The slots of each parameter in the order in which Keras makes its variables: all parameters' of the first set, by
/// parameter, then those of the next. Empty: Keras has no such optimizer.
std::vector<std::vector<std::size_t>> keras_slot_sets(const std::string& optimizer);

/// Throws ValueError, beginning with "save_keras", for an optimizer, a loss or a setting that Keras 3 has not.
void check_keras_training(const TrainingToWrite& training);

/// What compile() was told, as .keras files have it.
nlohmann::ordered_json keras_compile_json(const TrainingToWrite& training);

/// The weights of a layer, or of all in a model, with their names: "inner/conv2d/kernel". learned: those that an
/// optimizer changes, or the others.
void collect_weights(const KerasPart& part, const std::string& scope, bool learned,
                     std::vector<std::pair<std::string, ModelToWrite::Variable>>& to);

/// What Keras's optimizer would have in its variables: optimizer/vars/0, 1, ... training stays until the file is
/// written.
void add_keras_optimizer(const KerasPart& model, TrainingToWrite& training, std::int64_t element, Hdf5Writer& to);

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/keras_training_inl.hpp"
#endif
