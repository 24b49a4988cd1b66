// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/io/json.hpp"

namespace brindle::io::detail {

/// JSON from a text; json.is_discarded() for a text that is none, or nests lists and objects more than 100 deep:
/// copying, comparing and printing go as deep as the text does, and the stack is finite.
inline nlohmann::json parse_json(const std::string& text) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text && c == '\\')
      ++i;
    else if (c == '"')
      in_text = !in_text;
    else if (!in_text && (c == '[' || c == '{') && ++depth > 100)
      return nlohmann::json::value_t::discarded;
    else if (!in_text && (c == ']' || c == '}'))
      --depth;
  }
  return nlohmann::json::parse(text, nullptr, false);
}

/// A whole number that T holds. Throws ValueError for anything else: nlohmann's conversion of 1e57 is not defined.
template <class T, class Json>
T whole_number(const Json& json) {
  if (json.is_number_unsigned()) {
    if (const auto n = json.template get<std::uint64_t>(); std::in_range<T>(n)) return static_cast<T>(n);
  } else if (json.is_number_integer()) {
    if (const auto n = json.template get<std::int64_t>(); std::in_range<T>(n)) return static_cast<T>(n);
  }
  brindle::detail::raise<ValueError>("expected a whole number from " + std::to_string(std::numeric_limits<T>::min()) +
                                     " to " + std::to_string(std::numeric_limits<T>::max()) + ", got " +
                                     (json.is_number() ? json.dump() : std::string("a ") + json.type_name()));
}

}  // namespace brindle::io::detail
