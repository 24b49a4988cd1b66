// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <iterator>
#include <string>

namespace brindle::detail {

/// Keras's class names of the losses that the library has: a new one adds its name here.
inline constexpr const char* library_losses[] = {
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "Huber",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
};

/// Whether a loss of this class name is one of the library's, which sees outputs and labels alone; else it is a user's
/// own.
inline bool is_loss_of_the_library(const std::string& type) {
  return std::count(std::begin(library_losses), std::end(library_losses), type) > 0;
}

}  // namespace brindle::detail
