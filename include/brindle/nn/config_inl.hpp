// SPDX-License-Identifier: MIT
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
  for (const auto& [name, value] : unreadable_)
    if (name == key) detail::raise<ValueError>("setting \"" + key + "\": " + value + " is not supported");
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

BRINDLE_INLINE std::vector<std::int64_t> Config::get(const std::string& key,
                                                     const std::vector<std::int64_t>& otherwise) const {
  const Value* v = find(key);
  if (v && std::holds_alternative<std::int64_t>(*v)) return {std::get<std::int64_t>(*v)};
  return read<std::vector<std::int64_t>>(key, otherwise, "whole numbers");
}

BRINDLE_INLINE std::vector<double> Config::get(const std::string& key, const std::vector<double>& otherwise) const {
  const Value* v = find(key);
  if (v && std::holds_alternative<std::vector<std::int64_t>>(*v)) {
    const auto& whole = std::get<std::vector<std::int64_t>>(*v);
    return {whole.begin(), whole.end()};
  }
  if (v && !std::holds_alternative<std::vector<double>>(*v)) return {get(key, 0.0)};
  return read<std::vector<double>>(key, otherwise, "numbers");
}

}  // namespace brindle
