#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/io/json.hpp"
#include "brindle/nn/config.hpp"

namespace brindle::io::detail {

/// The settings as a JSON object, in their order.
inline nlohmann::ordered_json to_json(const Config& config) {
  auto json = nlohmann::ordered_json::object();
  for (const auto& [key, value] : config.entries()) std::visit([&, &k = key](const auto& v) { json[k] = v; }, value);
  return json;
}

/// Settings from a JSON object. Values of kinds that a Config has not (null, objects, texts in lists) are left out: a
/// layer that needs one of them says so. Throws ValueError if json is no object.
template <class Json>
Config config_from_json(const Json& json) {
  if (!json.is_object()) brindle::detail::raise<ValueError>("settings: expected a JSON object");
  Config config;
  for (const auto& [key, value] : json.items()) {
    if (value.is_boolean()) {
      config.set(key, value.template get<bool>());
    } else if (value.is_number_integer()) {
      config.set(key, value.template get<std::int64_t>());
    } else if (value.is_number()) {
      config.set(key, value.template get<double>());
    } else if (value.is_string()) {
      config.set(key, value.template get<std::string>());
    } else if (value.is_array()) {
      std::vector<std::int64_t> numbers;
      for (const auto& n : value)
        if (n.is_number_integer()) numbers.push_back(n.template get<std::int64_t>());
      if (numbers.size() == value.size()) config.set(key, numbers);
    }
  }
  return config;
}

}  // namespace brindle::io::detail
