#pragma once

// Definitions of what model_summary.hpp declares.
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/report/model_summary.hpp"
#include "brindle/report/summary.hpp"

namespace brindle::report {

template <class T, class Device>
std::vector<SummaryRow> summary_rows(const Model<T, Device>& model) {
  std::vector<SummaryRow> rows;
  const auto row = [&](const std::string& name, const std::string& type, std::size_t begin, std::size_t end) {
    SummaryRow r{.name = name, .type = type, .output = model.output_shape(end - 1)};
    for (std::size_t i = begin; i < end; ++i) {
      const auto& layer = *model.layers()[i];
      r.parameters += layer.parameter_count();
      r.frozen += layer.parameter_count() - layer.trainable_parameter_count();
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
  return rows;
}

template <class T, class Device>
std::string summary(const Model<T, Device>& model, SummaryStyle style) {
  return summary_table(
      summary_rows(model),
      {.title = model.name(), .style = style, .bytes_per_parameter = static_cast<std::int64_t>(sizeof(T))});
}

}  // namespace brindle::report
