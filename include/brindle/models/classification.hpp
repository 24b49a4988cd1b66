#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace brindle::models {

/// What a classifier says about a picture.
struct Classification {
  std::int64_t number = 0;                 ///< of the most probable class
  std::string name = {};                   ///< its name; its number where the model has no names
  double probability = 0;                  ///< of that class
  std::vector<float> probabilities = {};  ///< of every class
};

}  // namespace brindle::models
