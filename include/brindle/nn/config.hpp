// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"

namespace brindle {

/// Settings by name, in the order they were set: what a layer, an optimizer or a loss is made of when it is saved.
/// Values are true or false, whole numbers, numbers, texts, lists of whole numbers, lists of numbers, and lists of
/// lists of whole numbers.
class Config {
 public:
  /// Of one setting.
  using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>,
                             std::vector<std::vector<std::int64_t>>>;
  using Entry = std::pair<std::string, Value>;  ///< name and value

  Config() = default;
  Config(std::initializer_list<Entry> entries) : entries_(entries) {}  ///< in this order

  /// Appends; a name is set once.
  void set(const std::string& key, Value value) { entries_.emplace_back(key, std::move(value)); }

  /// Says that there is a setting whose value is of no kind that a Config has: whoever asks for it gets a ValueError
  /// that shows `value`, and never what stands for a setting that is not there.
  void set_unreadable(const std::string& key, std::string value) { unreadable_.emplace_back(key, std::move(value)); }

  const std::vector<Entry>& entries() const { return entries_; }  ///< in the order they were set

  /// Null: there is no such setting. Throws ValueError for one that cannot be read.
  const Value* find(const std::string& key) const;

  /// The setting, or `otherwise` if there is none. Throws ValueError if it is of another kind.
  /// @{
  bool get(const std::string& key, bool otherwise) const { return read<bool>(key, otherwise, "true or false"); }
  std::string get(const std::string& key, const char* otherwise) const;
  std::int64_t get(const std::string& key, std::int64_t otherwise) const;
  double get(const std::string& key, double otherwise) const;
  /// @}
  /// From one number or two.
  Size2 get(const std::string& key, Size2 otherwise) const;
  /// From a list, or from one number.
  /// @{
  std::vector<std::int64_t> get(const std::string& key, const std::vector<std::int64_t>& otherwise) const;
  std::vector<double> get(const std::string& key, const std::vector<double>& otherwise) const;
  /// @}

 private:
  template <class V>
  V read(const std::string& key, V otherwise, const char* expected) const {
    const Value* v = find(key);
    if (!v) return otherwise;
    if (!std::holds_alternative<V>(*v)) detail::raise<ValueError>("setting \"" + key + "\": expected " + expected);
    return std::get<V>(*v);
  }

  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, std::string>> unreadable_;  // names, and the values as the file has them
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/config_inl.hpp"
#endif
