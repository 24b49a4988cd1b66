// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace brindle::detail {

/// Names as messages list them: "cat", "dog" and 3 more. most: names that are written out.
inline std::string names_text(const std::vector<std::string>& names, std::size_t most = 10) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i ? ", \"" : "\"") + names[i] + "\"";
  return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

}  // namespace brindle::detail
