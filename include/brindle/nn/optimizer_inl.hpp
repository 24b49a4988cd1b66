// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what optimizer.hpp declares.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/optimizer.hpp"

namespace brindle::detail {

BRINDLE_INLINE WeightDecay::WeightDecay(const std::string& who, double decay, std::vector<std::string> excluded)
    : decay_(decay), excluded_(std::move(excluded)) {
  if (!(decay >= 0 && decay <= 1e30))
    raise<ValueError>(who + ": weight_decay must be 0 to 1e30, got " + number_text(decay));
  for (const std::string& name : excluded_)
    if (name.empty())
      raise<ValueError>(who + ": exclude_from_weight_decay has an empty name, which would leave out everything; name " +
                        "parts of \"layer/parameter\", such as \"bias\"");
}

BRINDLE_INLINE bool WeightDecay::decays(const ParameterName& name) const {
  // The path "layer/parameter", letter by letter: a step allocates nothing.
  const std::size_t size = name.layer.size() + 1 + name.parameter.size();
  const auto letter = [&](std::size_t i) {
    if (i < name.layer.size()) return name.layer[i];
    return i == name.layer.size() ? '/' : name.parameter[i - name.layer.size() - 1];
  };
  const auto stands_at = [&](const std::string& part, std::size_t begin) {
    std::size_t i = 0;
    while (i < part.size() && begin + i < size && letter(begin + i) == part[i]) ++i;
    return i == part.size();
  };
  return std::none_of(excluded_.begin(), excluded_.end(), [&](const std::string& part) {
    for (std::size_t begin = 0; begin < size; ++begin)
      if (stands_at(part, begin)) return true;
    return false;
  });
}

BRINDLE_INLINE void WeightDecay::add_to(Config& config) const {
  if (decay_ == 0) return;
  config.set("weight_decay", decay_);
  std::string names;
  for (const std::string& name : excluded_) names += (names.empty() ? "" : ", ") + name;
  if (!names.empty()) config.set("exclude_from_weight_decay", names);
}

BRINDLE_INLINE void check_learning_rate(const std::string& who, double rate) {
  if (!(rate >= 0 && rate <= 1e30))
    raise<ValueError>(who + ": learning_rate must be 0 to 1e30, got " + number_text(rate));
}

BRINDLE_INLINE void check_fraction(const std::string& who, const std::string& what, double value) {
  if (!(value >= 0 && value < 1))
    raise<ValueError>(who + ": " + what + " must be at least 0 and less than 1, got " + number_text(value));
}

}  // namespace brindle::detail
