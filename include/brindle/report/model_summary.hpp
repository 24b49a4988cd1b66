#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/nn/sequential.hpp"
#include "brindle/report/summary.hpp"

namespace brindle::report {

/// The table that Keras prints of a model: each layer with its type, output shape and number of parameters, then totals,
/// trainable and not.
template <class T, class Device>
std::string summary(const Sequential<T, Device>& model, SummaryOptions options = {}) {
  options.bytes_per_parameter = static_cast<std::int64_t>(sizeof(T));
  std::vector<SummaryRow> rows;
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const auto& layer = *model.layers()[i];
    rows.push_back({.name = layer.name,
                    .type = layer.type(),
                    .output = model.output_shape(i),
                    .parameters = layer.parameter_count(),
                    .frozen = layer.trainable ? 0 : layer.parameter_count()});
  }
  return summary_table(rows, options);
}

}  // namespace brindle::report
