#pragma once

// Definitions of what config.hpp declares.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/nn/config.hpp"

namespace brindle {

BRINDLE_INLINE auto Config::find(const std::string& key) const -> const Value* {
  for (const Entry& e : entries_)
    if (e.first == key) return &e.second;
  return nullptr;
}

BRINDLE_INLINE std::string Config::get(const std::string& key, const char* otherwise) const {
  return read<std::string>(key, otherwise, "a text");
}

BRINDLE_INLINE std::int64_t Config::get(const std::string& key, std::int64_t otherwise) const {
  return read<std::int64_t>(key, otherwise, "a whole number");
}

BRINDLE_INLINE double Config::get(const std::string& key, double otherwise) const {
  const Value* v = find(key);
  if (v && std::holds_alternative<std::int64_t>(*v)) return static_cast<double>(std::get<std::int64_t>(*v));
  return read<double>(key, otherwise, "a number");
}

BRINDLE_INLINE Size2 Config::get(const std::string& key, Size2 otherwise) const {
  const Value* v = find(key);
  if (v && std::holds_alternative<std::int64_t>(*v)) return Size2(std::get<std::int64_t>(*v));
  const auto list = read<std::vector<std::int64_t>>(key, {otherwise.h, otherwise.w}, "two whole numbers");
  if (list.size() != 2) detail::raise<ValueError>("setting \"" + key + "\": expected two whole numbers");
  return {list[0], list[1]};
}

}  // namespace brindle
