// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "brindle/io/certainty_json.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/picture_input_json.hpp"
#include "brindle/io/saved_model.hpp"

namespace brindle::io::detail {

/// What a model knows beside its layers and weights, as files of other formats hold it: all but the features of its
/// familiarity, which are too many for a line of text.
inline nlohmann::ordered_json to_json(const ModelInfo& info) {
  nlohmann::ordered_json json;
  json["class_names"] = info.class_names;
  json["input"] = info.input ? to_json(*info.input) : nlohmann::ordered_json();
  json["from_logits"] = info.from_logits;
  json["each_output"] = info.each_output;
  write_certainty(json, info.temperature, info.answers);
  if (!info.card.empty()) json["card"] = info.card;
  return json;
}

/// What to_json() gave. Throws ValueError for what has no meaning, and nlohmann's errors for what is not there.
template <class Json>
ModelInfo model_info_from_json(const Json& json) {
  ModelInfo info{.class_names = json.at("class_names").template get<std::vector<std::string>>(),
                 .from_logits = json.at("from_logits").template get<bool>(),
                 .each_output = json.at("each_output").template get<bool>(),
                 .temperature = json.value("temperature", 1.0),
                 .answers = stored_answers(json),
                 .card = json.value("card", "")};
  if (!json.at("input").is_null()) info.input = picture_input_from_json(json.at("input"));
  return info;
}

}  // namespace brindle::io::detail
