// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/tensor.hpp"

namespace brindle {

/// What the outputs of a model are to a function that makes classes or probabilities of them.
///
///     predicted_classes<float>(outputs.view(), {.from_logits = trainer.from_logits()})
struct OutputOptions {
  bool from_logits = false;  ///< numbers before a sigmoid or softmax, of any size; else probabilities, 0..1
  bool each_output = false;  ///< several logits are each before a sigmoid of its own; else before one softmax
};

namespace detail {

/// Throws DataError, naming the row, for outputs y (N, ...) that are not what the options say: NaN, infinite, or no
/// probability.
template <class T>
void check_outputs(const std::string& who, TensorView<const T, Cpu> y, const OutputOptions& o);

/// The value above which a single output names class 1.
template <class T>
T class_threshold(const OutputOptions& o);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/output_options_inl.hpp"
#endif
