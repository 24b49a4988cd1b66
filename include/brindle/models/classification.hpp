#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace brindle::models {

/// What a classifier says about a picture.
struct Classification {
  std::int64_t number = 0;                ///< of the most probable class
  std::string name = {};                  ///< its name; its number where the model has no names
  double probability = 0;                 ///< of that class
  std::vector<float> probabilities = {};  ///< of every class

  /// The numbers of the k most probable classes, or of all if there are fewer, the most probable first; of equal ones
  /// the lower number.
  std::vector<std::int64_t> top(std::size_t k) const;
};

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/classification_inl.hpp"
#endif
