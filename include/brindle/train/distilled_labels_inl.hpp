// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what distilled_labels.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/output_options.hpp"
#include "brindle/train/distilled_labels.hpp"

namespace brindle {

BRINDLE_INLINE Tensor<float> distilled_labels(In<float, Cpu> outputs, In<float, Cpu> labels,
                                              const DistilledLabelsOptions& o, const OutputOptions& are) {
  const std::string who = "distilled_labels";
  const auto between = [&](const char* name, double value, double least, double most) {
    if (!(value >= least && value <= most))
      detail::raise<ValueError>(who + ": " + name + " must be " + detail::number_text(least) + " to " +
                                detail::number_text(most) + ", got " + detail::number_text(value));
  };
  between("temperature", o.temperature, 0.01, 100);
  between("share", o.share, 0, 1);
  if (outputs.shape.rank() != 2 || outputs.shape[1] < 2 || labels.size() != outputs.shape[0])
    detail::raise<ShapeError>(who + ": expected outputs (n, K) of at least two classes and labels (n, 1), got " +
                              to_string(outputs.shape) + " and " + to_string(labels.shape));
  if (are.each_output)
    detail::raise<ValueError>(who +
                              ": outputs that stand by themselves (.each_output) are no probabilities of one "
                              "class; expected those of a softmax, or logits before it");
  detail::check_outputs<float>(who, outputs, are);
  const std::int64_t n = outputs.shape[0], k = outputs.shape[1];
  Tensor<float> rows({n, k});
  std::vector<double> z(static_cast<std::size_t>(k));
  for (std::int64_t i = 0; i < n; ++i) {
    const float label = labels.data[i];
    if (!(label >= 0 && label < static_cast<float>(k)) || label != std::floor(label))
      detail::raise<DataError>(who + ": sample " + std::to_string(i) + " has label " +
                               detail::number_text(static_cast<double>(label)) + ", expected a class from 0 to " +
                               std::to_string(k - 1));
    for (std::int64_t c = 0; c < k; ++c) {
      const auto y = static_cast<double>(outputs.data[i * k + c]);
      z[static_cast<std::size_t>(c)] = (are.from_logits ? y : std::log(std::max(y, 1e-30))) / o.temperature;
    }
    const double largest = *std::max_element(z.begin(), z.end());
    double sum = 0;
    for (double& v : z) sum += v = std::exp(v - largest);
    for (std::int64_t c = 0; c < k; ++c)
      rows[i * k + c] = static_cast<float>(o.share * z[static_cast<std::size_t>(c)] / sum +
                                           (c == static_cast<std::int64_t>(label) ? 1 - o.share : 0));
  }
  return rows;
}

}  // namespace brindle
