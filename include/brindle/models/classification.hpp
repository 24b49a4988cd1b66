// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brindle::models {

/// What a classifier says about a picture.
struct Classification {
  std::int64_t number = 0;                ///< of the most probable class
  std::string name = {};                  ///< its name; its number where the model has no names
  double probability = 0;                 ///< of that class
  std::vector<float> probabilities = {};  ///< of every class
  /// How far the picture is from the training pictures, 0..2: Familiarity::distance(). None: the model does not know.
  std::optional<double> distance = std::nullopt;
  bool unlike_training = false;  ///< farther than nearly all pictures of their kind: the class says little then

  /// The numbers of the k most probable classes, or of all if there are fewer, the most probable first; of equal ones
  /// the lower number.
  std::vector<std::int64_t> top(std::size_t k) const;
};

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/classification_inl.hpp"
#endif
