// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "brindle/data/source.hpp"
#include "brindle/image/picture_input.hpp"

// Data that a model is trained on, and data that it is tried on, must mean the same.
namespace brindle::detail {

/// What must be the same.
struct DataMeaning {
  std::vector<std::string> class_names;  // in the order of their numbers; empty: they have none
  std::optional<PictureInput> input;     // none: not known

  DataMeaning() = default;
  explicit DataMeaning(const data::Source& source) : class_names(source.class_names()), input(source.picture_input()) {}

  /// Throws DataError, beginning with `who`, if the classes of other data have other numbers, or its pictures become
  /// numbers in another way. What one of them does not tell is not compared.
  void check(const std::string& who, const data::Source& other) const;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/same_data_inl.hpp"
#endif
