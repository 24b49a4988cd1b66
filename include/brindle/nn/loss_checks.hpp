// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/ops/activation/functions.hpp"

// What losses ask of a model's outputs, of labels and of their settings.
namespace brindle::detail {

/// The end of a model that fits: "Dense{3, softmax}".
inline std::string dense_text(const Shape& output, const std::string& activation) {
  const std::int64_t units = output.rank() > 0 ? output.back() : 1;
  return "Dense{" + std::to_string(units) + (activation.empty() ? "" : ", " + activation) + "}";
}

/// Outputs that the last activation makes must be what the loss was told they are. right: the activation that belongs
/// to the loss. relu_logits: logits that are never negative still tell classes apart.
inline void check_crossentropy_activation(const std::string& who, const std::string& loss, bool from_logits,
                                          const LastActivation& last, ActivationFunction right, bool relu_logits) {
  if (!last.known) return;
  const std::string own = to_string(right), told = loss + "{.from_logits = true}";
  const auto range = ops::kernel::activations::range_of(last.function);
  const bool squashes = range.lowest == 0 && range.highest == 1;
  if (from_logits && squashes)
    raise<ValueError>(who + ": " + told + " expects outputs before an activation, and " + last.layer + " ends in " +
                      to_string(last.function) + "; leave out .from_logits, or end the model with " +
                      dense_text(last.output, ""));
  if (from_logits && range.lowest == 0 && !relu_logits)
    raise<ValueError>(who + ": " + told + " expects logits of either sign, and " + last.layer + " ends in " +
                      to_string(last.function) + ", so that no output could be below 0; end the model with " +
                      dense_text(last.output, ""));
  if (!from_logits && !squashes)
    raise<ValueError>(
        who + ": " + loss + " expects probabilities, and " + last.layer + " ends " +
        (last.function == ActivationFunction::linear ? "without an activation" : "in " + to_string(last.function)) +
        "; end the model with " + dense_text(last.output, own) + ", or write " + told +
        (last.function == ActivationFunction::linear ? "" : " and leave out the activation"));
  if (last.function == ActivationFunction::softmax && last.output.back() == 1)
    raise<ValueError>(who + ": the softmax of a single number is always 1, and so is the output of " + last.layer +
                      "; end the model with Dense{1, sigmoid} for two classes, or with one output a class");
}

/// Of outputs y (n, ..., K) whose activation is not known: throws DataError if one is no probability or, where a row is
/// to be one, its sum is not 1. NaN is left to the check of the loss.
template <class T>
void check_probability_outputs(const std::string& who, const std::string& loss, const LastActivation& last,
                               TensorView<const T, Cpu> y, ActivationFunction right) {
  const auto refuse = [&](std::int64_t i, const std::string& what) {
    raise<DataError>(who + ": " + loss + " expects probabilities, and " + last.layer + " gives " + what +
                     " for sample " + std::to_string(i) + " of the batch; end the model with " +
                     dense_text(last.output, to_string(right)) + ", or write " + loss + "{.from_logits = true}");
  };
  constexpr T rounding = T(1e-5);
  const std::int64_t each = y.shape.rank() > 0 && y.shape[0] > 0 ? y.size() / y.shape[0] : 1;
  for (std::int64_t i = 0; i < y.size(); ++i)
    if (y.data[i] < -rounding || y.data[i] > T(1) + rounding)
      refuse(i / each, number_text(static_cast<double>(y.data[i])));
  if (right != ActivationFunction::softmax) return;
  for (std::int64_t i = 0; i * each < y.size(); ++i) {
    T sum = 0;
    for (std::int64_t k = 0; k < each; ++k) sum += y.data[i * each + k];
    if (std::abs(sum - T(1)) > T(1e-3)) refuse(i, "outputs with the sum " + number_text(static_cast<double>(sum)));
  }
}

/// Of outputs y (n, K) that the loss was told are logits: throws DataError if they are plainly a softmax's, every row
/// between 0 and 1 with the sum 1.
template <class T>
void check_logit_outputs(const std::string& who, const std::string& loss, const LastActivation& last,
                         TensorView<const T, Cpu> y) {
  const std::int64_t n = y.shape[0], k = n > 0 ? y.size() / n : 0;
  if (n < 2 || k < 2) return;
  for (std::int64_t i = 0; i < n; ++i) {
    T sum = 0;
    for (std::int64_t j = 0; j < k; ++j) {
      const T p = y.data[i * k + j];
      if (!(p >= T(0) && p <= T(1))) return;
      sum += p;
    }
    if (!(std::abs(sum - T(1)) <= T(1e-5))) return;
  }
  raise<DataError>(who + ": " + loss + "{.from_logits = true} expects outputs before an activation, and " + last.layer +
                   " gives rows of probabilities, each with the sum 1; leave out .from_logits");
}

/// Labels for BinaryCrossentropy and its like: one for each output, from 0 to 1.
inline void check_binary_labels(const std::string& who, const std::string& loss, TensorView<const float, Cpu> labels,
                                const Shape& output, SampleNames names) {
  const std::int64_t per_sample = labels.shape.sample().size();
  if (per_sample != output.size())
    raise<ShapeError>(who + ": " + loss + " expects a label for each output, the model gives " +
                      to_string_batch(output) + " and the labels are " + to_string(labels.shape) +
                      "; end the model with Dense{" + std::to_string(per_sample) +
                      ", sigmoid}, or use SparseCategoricalCrossentropy for class numbers");
  for (std::int64_t i = 0; i < labels.size(); ++i)
    if (!(labels.data[i] >= 0 && labels.data[i] <= 1))
      raise<DataError>(who + ": " + loss + " expects labels from 0 to 1, " + names(i / per_sample) + " has " +
                       number_text(static_cast<double>(labels.data[i])) +
                       "; number two classes 0 and 1, for more use SparseCategoricalCrossentropy");
}

/// Labels for CategoricalCrossentropy and its like: a row for each sample, one number a class, with the sum 1.
inline void check_label_rows(const std::string& who, const std::string& loss, TensorView<const float, Cpu> labels,
                             const Shape& output, SampleNames names) {
  const std::int64_t classes = output.size();
  if (output.rank() != 1 || classes < 2 || labels.shape.sample().size() != classes)
    raise<ShapeError>(who + ": " + loss + " expects one output a class and rows of labels as long, the model gives " +
                      to_string_batch(output) + " and the labels are " + to_string(labels.shape) +
                      (labels.shape.sample().size() == 1
                           ? "; use SparseCategoricalCrossentropy for class numbers, or data::one_hot"
                           : "; end the model with Dense{number of classes, softmax}"));
  for (std::int64_t n = 0; n < labels.shape[0]; ++n) {
    double sum = 0;
    for (std::int64_t i = n * classes; i < (n + 1) * classes; ++i) {
      if (!(labels.data[i] >= 0 && labels.data[i] <= 1))
        raise<DataError>(who + ": " + loss + " expects labels from 0 to 1, " + names(n) + " has " +
                         number_text(static_cast<double>(labels.data[i])));
      sum += static_cast<double>(labels.data[i]);
    }
    if (!(std::abs(sum - 1) <= 1e-3))
      raise<DataError>(who + ": " + loss + " expects labels with the sum 1, those of " + names(n) + " have " +
                       number_text(sum) + "; for several classes at once use BinaryCrossentropy");
  }
}

/// Without smoothing the settings are those that they were before there was any, so that runs of then go on.
inline void set_label_smoothing(Config& config, double label_smoothing) {
  if (label_smoothing != 0) config.set("label_smoothing", label_smoothing);
}

/// A setting of a loss that must lie from `least` to `most`. Throws ValueError.
inline void check_loss_setting(const std::string& loss, const char* name, double value, double least, double most) {
  if (!(value >= least && value <= most))
    raise<ValueError>(loss + ": " + name + " must be " + number_text(least) + " to " + number_text(most) + ", got " +
                      number_text(value));
}

}  // namespace brindle::detail
