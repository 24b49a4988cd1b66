#pragma once

#include <optional>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/names_text.hpp"
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
  void check(const std::string& who, const data::Source& other) const {
    const std::vector<std::string> names = other.class_names();
    if (!names.empty() && !class_names.empty() && names != class_names)
      raise<DataError>(who + ": the classes are " + names_text(names) + ", those of the training data " +
                       names_text(class_names) + "; load the data with .classes = training.class_names()");
    const std::optional<PictureInput> its = other.picture_input();
    if (input && its && !(*input == *its))
      raise<DataError>(who + ": pictures become input in another way than those of the training data: " +
                       differences(*its, *input) + "; load both with the same options");
  }
};

}  // namespace brindle::detail
