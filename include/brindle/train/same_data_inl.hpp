// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what same_data.hpp declares.
#include <optional>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/names_text.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/train/same_data.hpp"

namespace brindle::detail {

BRINDLE_INLINE void DataMeaning::check(const std::string& who, const data::Source& other) const {
  const std::vector<std::string> names = other.class_names();
  if (!names.empty() && !class_names.empty() && names != class_names)
    raise<DataError>(who + ": the classes are " + names_text(names) + ", those of the training data " +
                     names_text(class_names) + "; load the data with .classes = training.class_names()");
  const std::optional<PictureInput> its = other.picture_input();
  if (input && its && !(*input == *its))
    raise<DataError>(who + ": pictures become input in another way than those of the training data: " +
                     differences(*its, *input) + "; load both with the same options");
}

}  // namespace brindle::detail
