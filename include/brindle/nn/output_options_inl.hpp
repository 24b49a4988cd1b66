// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what output_options.hpp declares.
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle::detail {

template <class T>
void check_outputs(const std::string& who, TensorView<const T, Cpu> y, const OutputOptions& o) {
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const T value = y.data[i];
    if (value >= T(0) && value <= T(1)) continue;
    constexpr T rounding = T(1e-5);  // of a program's own softmax
    if (std::isfinite(value) && (o.from_logits || (value >= -rounding && value <= T(1) + rounding))) continue;
    const std::int64_t row = i / (y.size() / y.shape[0]);
    raise<DataError>(who + ": output " + number_text(static_cast<double>(value)) + " of sample " + std::to_string(row) +
                     (std::isfinite(value)
                          ? " is no probability; end the model in sigmoid or softmax, or say .from_logits = true"
                          : " is no finite number; look for the cause in the weights or the data"));
  }
}

template <class T>
T class_threshold(const OutputOptions& o) {
  return o.from_logits ? T(0) : T(0.5);
}

}  // namespace brindle::detail
