// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle {

/// What "accuracy" counts.
enum class Accuracy {
  automatic,  ///< as Keras: by the largest output where there are several, else by each output
  binary      ///< each output by itself, also of several: labels that may be 1 at more than one place (multi-label)
};

namespace detail {

/// How correct_samples() counts.
struct AccuracyOptions {
  bool from_logits = false;                 ///< the outputs are numbers before a sigmoid or softmax
  Accuracy accuracy = Accuracy::automatic;  ///< what a right sample is
};

template <class T>
std::int64_t largest_of(const T* row, std::int64_t n) {
  std::int64_t best = 0;
  for (std::int64_t k = 1; k < n; ++k)
    if (row[k] > row[best]) best = k;
  return best;
}

/// correct_samples() without a look at the outputs. each_output: not by the largest of a row.
template <class T>
double count_correct(TensorView<const T, Cpu> p, TensorView<const T, Cpu> t, T threshold, bool each_output) {
  const std::int64_t n = p.shape[0];
  const std::int64_t outputs = n ? p.size() / n : 1;
  const std::int64_t labels = n ? t.size() / n : 1;
  const std::int64_t classes = each_output ? 1 : p.shape.back();
  double correct = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = p.data + i * outputs;
    const T* truth = t.data + i * labels;
    if (labels != outputs) {
      correct += static_cast<T>(largest_of(row, outputs)) == truth[0] ? 1 : 0;
      continue;
    }
    std::int64_t hits = 0;
    if (classes == 1)
      for (std::int64_t k = 0; k < outputs; ++k) hits += (row[k] > threshold ? T(1) : T(0)) == truth[k] ? 1 : 0;
    else
      for (std::int64_t k = 0; k < outputs; k += classes)
        hits += largest_of(row + k, classes) == largest_of(truth + k, classes) ? 1 : 0;
    correct += static_cast<double>(hits) / static_cast<double>(outputs / classes);
  }
  return correct;
}

/// How well the outputs of samples name their classes, added up: what Keras's "accuracy" means for these sizes.
///
///     p (n, ..., K) outputs;  t labels, (n, L) with as many numbers a sample or one
///
/// A label for each output, K = 1: the share of outputs with (p > 0.5) == t, a probability of exactly 0.5 counting as 0
/// (Keras's BinaryAccuracy). A label for each output, K > 1: the share of rows whose largest output is where the
/// largest label is (CategoricalAccuracy); with Accuracy::binary the share of outputs, as for K = 1. One label for
/// several outputs: 1 if the largest output is that of class t (SparseCategoricalAccuracy). Of equals the first is the
/// largest.
///
/// Logits are compared with 0. Keras compares them with 0.5 unless its metric is given another threshold, so that a
/// model trained with from_logits = True reads a smaller accuracy there.
///
/// Returns the sum over samples. Throws ShapeError for labels of another size, DataError for outputs that are NaN or,
/// unless they are logits, no probabilities.
template <class T>
double correct_samples(TensorView<const T, Cpu> p, TensorView<const T, Cpu> t, const AccuracyOptions& o = {}) {
  const bool each = p.size() == t.size();
  if (p.shape.rank() < 2 || t.shape.rank() < 1 || p.shape[0] != t.shape[0] ||
      (!each && (t.size() != t.shape[0] || o.accuracy == Accuracy::binary)))
    raise<ShapeError>("correct_samples: expected outputs (n, K) and labels (n, 1) or (n, K), got " +
                      to_string(p.shape) + " and " + to_string(t.shape));
  check_outputs<T>("correct_samples", p, {o.from_logits});
  return count_correct<T>(p, t, class_threshold<T>({o.from_logits}), o.accuracy == Accuracy::binary);
}

}  // namespace detail

}  // namespace brindle
