#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
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
  std::vector<std::int64_t> top(std::size_t k) const {
    std::vector<std::int64_t> numbers(probabilities.size());
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    std::stable_sort(numbers.begin(), numbers.end(), [&](std::int64_t a, std::int64_t b) {
      return probabilities[static_cast<std::size_t>(a)] > probabilities[static_cast<std::size_t>(b)];
    });
    numbers.resize(std::min(k, numbers.size()));
    return numbers;
  }
};

}  // namespace brindle::models
