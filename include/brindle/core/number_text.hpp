// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <system_error>

#include "brindle/core/to_chars.hpp"

namespace brindle::detail {

/// A number as messages write it: the shortest digits that read back as the same, with a point whatever the locale.
inline std::string number_text(double value) {
  if (value != value) return "nan";  // its sign says nothing
  char text[64];
  const std::to_chars_result end = to_chars(text, text + sizeof text, value);
  return end.ec == std::errc() ? std::string(text, end.ptr) : "?";
}

}  // namespace brindle::detail
