#pragma once

#include <string>

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

}  // namespace brindle::io::detail
