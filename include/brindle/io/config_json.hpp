// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
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

/// A list of a kind that a Config has; nothing for another one.
template <class Json>
std::optional<Config::Value> list_from_json(const Json& json) {
  const auto all = [&](auto&& is) { return std::all_of(json.begin(), json.end(), is); };
  if (all([](const Json& v) { return v.is_number_integer(); })) return json.template get<std::vector<std::int64_t>>();
  if (all([](const Json& v) { return v.is_number(); })) return json.template get<std::vector<double>>();
  if (!all([](const Json& v) {
        return v.is_array() && std::all_of(v.begin(), v.end(), [](const Json& n) { return n.is_number_integer(); });
      }))
    return std::nullopt;
  return json.template get<std::vector<std::vector<std::int64_t>>>();
}

/// Settings from a JSON object. null is a setting that is not there. Values of kinds that a Config has not (objects,
/// lists of texts) are kept as unreadable: a layer that asks for one of them says so. Throws ValueError if json is no
/// object.
template <class Json>
Config config_from_json(const Json& json) {
  if (!json.is_object()) brindle::detail::raise<ValueError>("settings: expected a JSON object");
  Config config;
  for (const auto& [key, value] : json.items()) {
    if (value.is_null()) continue;
    if (value.is_boolean()) {
      config.set(key, value.template get<bool>());
    } else if (value.is_number_unsigned() && value.template get<std::uint64_t>() > INT64_MAX) {
      config.set_unreadable(key, value.dump());
    } else if (value.is_number_integer()) {
      config.set(key, value.template get<std::int64_t>());
    } else if (value.is_number()) {
      config.set(key, value.template get<double>());
    } else if (value.is_string()) {
      config.set(key, value.template get<std::string>());
    } else if (std::optional<Config::Value> list = value.is_array() ? list_from_json(value) : std::nullopt) {
      config.set(key, std::move(*list));
    } else {
      config.set_unreadable(key, value.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }
  return config;
}

}  // namespace brindle::io::detail
