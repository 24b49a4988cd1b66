// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/json.hpp"
#include "brindle/io/parse_json.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/saved_tensors.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/familiarity.hpp"

// What a saved model says of how sure it is: the temperature in its weights, and thresholds with what they gave,
// features of training pictures. A file of a model without them has no such entries; older versions of the library do
// not look at them.
namespace brindle::io::detail {

inline void check_certainty(const std::string& who, double temperature, const AnswerTable& answers) {
  if (!(temperature > 0) || !std::isfinite(temperature))
    brindle::detail::raise<ValueError>(who + ": a temperature is a positive number, got " +
                                       brindle::detail::number_text(temperature));
  brindle::detail::check_answer_table(who, answers);
}

/// "temperature": 1.6, "answers": {"samples": 1000, "rows": [[probability, answered, right], ...]}
inline void write_certainty(nlohmann::ordered_json& json, double temperature, const AnswerTable& answers) {
  if (temperature != 1) json["temperature"] = temperature;
  if (answers.rows.empty()) return;
  auto rows = nlohmann::ordered_json::array();
  for (const AnswerThreshold& row : answers.rows)
    rows.push_back(nlohmann::ordered_json::array({row.probability, row.answered, row.right}));
  json["answers"] = {{"samples", answers.samples}, {"rows", rows}};
}

/// Throws nlohmann's errors for another form, ValueError for too many rows; check_certainty() looks at the numbers.
template <class Json>
AnswerTable stored_answers(const Json& json) {
  if (!json.contains("answers")) return {};
  const Json& stored = json.at("answers");
  AnswerTable table{.samples = whole_number<std::int64_t>(stored.at("samples"))};
  if (stored.at("rows").size() > AnswerTable::most_rows)
    brindle::detail::raise<ValueError>("the table of thresholds has " + std::to_string(stored.at("rows").size()) +
                                       " rows, expected at most " + std::to_string(AnswerTable::most_rows));
  for (const auto& row : stored.at("rows"))
    table.rows.push_back({row.at(0).template get<double>(), whole_number<std::int64_t>(row.at(1)),
                          whole_number<std::int64_t>(row.at(2))});
  return table;
}

/// "familiarity": {"threshold": 0.2, "refused": 0.05}, and its features as a tensor, which must stay as long as the
/// entry.
inline SafetensorsEntry write_familiarity(nlohmann::ordered_json& json, const Familiarity& f) {
  json["familiarity"] = {{"threshold", f.threshold}, {"refused", f.refused}};
  return {familiarity_tensor,
          "F32",
          {f.count(), f.width},
          f.features.data(),
          static_cast<std::int64_t>(f.features.size() * sizeof(float))};
}

/// Reads it. The tensor's size is checked before memory is taken; check_info() looks at the numbers.
template <class Json>
Familiarity stored_familiarity(const Json& json, SafetensorsFile& file) {
  const Shape& shape = file.entry(familiarity_tensor).shape;
  if (shape.rank() != 2 || shape[0] < 1 || shape[1] < 1 || shape[0] > Familiarity::most_numbers / shape[1])
    brindle::detail::raise<ValueError>(std::string("tensor \"") + familiarity_tensor + "\" has shape " +
                                       to_string(shape) + ", expected (features, numbers) of at most " +
                                       std::to_string(Familiarity::most_numbers) + " numbers");
  const Tensor<float> read = file.read<float>(familiarity_tensor);
  return {.width = shape[1],
          .features = {read.data(), read.data() + read.size()},
          .threshold = json.at("familiarity").at("threshold").template get<double>(),
          .refused = json.at("familiarity").at("refused").template get<double>()};
}

}  // namespace brindle::io::detail
