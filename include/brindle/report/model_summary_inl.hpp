// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what model_summary.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/report/model_summary.hpp"
#include "brindle/report/summary.hpp"

namespace brindle::report {

namespace internal {

template <class T, class Device>
std::string input_name(const Model<T, Device>& model) {
  for (int number = 0;; ++number) {
    const std::string name = number == 0 ? "input_layer" : "input_layer_" + std::to_string(number);
    if (std::none_of(model.layers().begin(), model.layers().end(), [&](const auto& l) { return l->name == name; }))
      return name;
  }
}

}  // namespace internal

template <class T, class Device>
std::vector<SummaryRow> summary_rows(const Model<T, Device>& model) {
  std::vector<SummaryRow> rows;
  std::vector<std::string> names(model.layers().size() + 1);  // of the line that a value is in
  names[0] = internal::input_name(model);
  const auto row = [&](const std::string& name, const std::string& type, std::size_t begin, std::size_t end) {
    SummaryRow r{.name = name, .type = type, .output = model.output_shape(end - 1)};
    for (std::size_t i = begin; i < end; ++i) {
      const auto& layer = *model.layers()[i];
      r.parameters += layer.parameter_count();
      r.frozen += layer.parameter_count() - layer.trainable_parameter_count();
      names[i + 1] = name;
    }
    for (std::size_t i = begin; i < end; ++i)
      for (const std::size_t value : model.inputs(i)) {
        if (value > begin) continue;  // within the group
        if (end - begin == 1 || std::find(r.inputs.begin(), r.inputs.end(), names[value]) == r.inputs.end())
          r.inputs.push_back(names[value]);
      }
    rows.push_back(r);
  };
  std::size_t i = 0;
  for (const auto& group : model.groups()) {
    for (; i < group.begin; ++i) row(model.layers()[i]->name, model.layers()[i]->type(), i, i + 1);
    row(group.name, "Functional", group.begin, group.end);
    i = group.end;
  }
  for (; i < model.layers().size(); ++i) row(model.layers()[i]->name, model.layers()[i]->type(), i, i + 1);
  SummaryRow input{.name = names[0], .type = "InputLayer", .output = model.input_shape()};
  rows.insert(rows.begin(), std::move(input));
  if (!internal::table::in_a_row(rows)) return rows;
  rows.erase(rows.begin());
  for (SummaryRow& r : rows) r.inputs.clear();
  return rows;
}

template <class T, class Device>
std::string summary(const Model<T, Device>& model, SummaryStyle style) {
  return summary_table(
      summary_rows(model),
      {.title = model.name(), .style = style, .bytes_per_parameter = static_cast<std::int64_t>(sizeof(T))});
}

}  // namespace brindle::report
