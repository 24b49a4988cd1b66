// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/train/class_weights.hpp"
#include "brindle/train/fit_options.hpp"

// How much the loss of each sample counts: its own weight times that of its class.
namespace brindle::detail {

inline bool weighted(const FitOptions& o) { return !o.class_weight.empty() || !o.sample_weight.empty(); }

/// weight (draws.size()) of the samples that are drawn, whose labels (draws.size(), L) may be mixed ones.
template <class T>
void weigh(const FitOptions& o, std::span<const data::Draw> draws, TensorView<const T> labels, TensorView<T> weight) {
  const std::int64_t size = labels.shape.sample().size();
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const std::int64_t row = draws[i].row;
    double w = o.sample_weight.empty() ? 1.0 : static_cast<double>(o.sample_weight[static_cast<std::size_t>(row)]);
    if (!o.class_weight.empty()) {
      const auto found = o.class_weight.find(class_of(labels.data + static_cast<std::int64_t>(i) * size, size));
      if (found != o.class_weight.end()) w *= found->second;
    }
    weight.data[i] = static_cast<T>(w);
  }
}

inline void check_weights(const std::string& who, std::span<const float> weights, const data::Source& source) {
  if (weights.empty()) return;
  if (static_cast<std::int64_t>(weights.size()) != source.size())
    raise<ShapeError>(who + ": expected " + std::to_string(source.size()) + " sample weights, got " +
                      std::to_string(weights.size()));
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!(weights[i] >= 0) || !std::isfinite(weights[i]))
      raise<ValueError>(who + ": sample weights must be finite and at least 0, got " +
                        number_text(static_cast<double>(weights[i])) + " for " +
                        source.describe(static_cast<std::int64_t>(i)));
}

/// outputs: of the model, one sample.
inline void check_class_weights(const std::string& who, const FitOptions& o, const data::Source& source,
                                std::int64_t outputs) {
  if (o.class_weight.empty()) return;
  const bool one_hot = source.labels().shape.sample().size() > 1;
  const std::int64_t found = class_count(who + ": class weights", source);
  check_class_weight(who, o.class_weight, one_hot ? found : std::max({found, outputs, std::int64_t{2}}));
}

}  // namespace brindle::detail
