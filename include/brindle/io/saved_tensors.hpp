// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The names of a saved model's tensors: "dense/kernel" of a layer, and what lies beside the weights.
namespace brindle::io::detail {

/// Features of training pictures.
inline constexpr const char* familiarity_tensor = "familiarity/features";

inline constexpr const char* optimizer_tensors = "optimizer/";

/// A parameter of a layer.
inline std::string tensor_name(const std::string& layer, const std::string& parameter) {
  return layer + "/" + parameter;
}

/// What the optimizer remembers of it: its slots have numbers.
inline std::string slot_name(const std::string& layer, const std::string& parameter, std::int64_t number) {
  return optimizer_tensors + tensor_name(layer, parameter) + "/" + std::to_string(number);
}

/// Whether a tensor is none of a layer's. A layer may be called "optimizer", but no parameter is called by a number.
inline bool lies_beside_weights(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('/') + 1);
  const bool number = !last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos;
  return name == familiarity_tensor || (name.starts_with(optimizer_tensors) && number);
}

}  // namespace brindle::io::detail
