// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::detail {

/// Sums over the samples of the training steps since they were last set to zero.
struct StepSums {
  double loss = 0;     ///< weighted
  double correct = 0;  ///< as correct_samples() counts them
  double samples = 0;
};

/// Whether sample i was named right, of outputs y (n, outputs) and labels (n, labels): correct_samples() of one.
template <class T>
struct CorrectSample {
  const T* y;
  const T* t;
  T* correct;
  std::int64_t outputs, labels;
  std::int64_t classes;  ///< outputs of which the largest counts; 1: each output by itself
  bool sigmoid;          ///< y are logits that the loss has taken over from it
  T threshold;           ///< above which an output by itself counts as 1

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T* row = y + i * outputs;
    const T* truth = t + i * labels;
    if (labels != outputs) {
      correct[i] = static_cast<T>(largest(row, outputs)) == truth[0] ? T(1) : T(0);
      return;
    }
    std::int64_t hits = 0;
    for (std::int64_t k = 0; k < outputs; k += classes) {
      if (classes > 1) {
        hits += largest(row + k, classes) == largest(truth + k, classes) ? 1 : 0;
        continue;
      }
      const T p = sigmoid ? T(1) / (T(1) + std::exp(-row[k])) : row[k];
      hits += (p > threshold ? T(1) : T(0)) == truth[k] ? 1 : 0;
    }
    correct[i] = static_cast<T>(hits) / static_cast<T>(outputs / classes);
  }

  /// The place of the first largest of n.
  BRINDLE_HOST_DEVICE static std::int64_t largest(const T* row, std::int64_t n) {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < n; ++k)
      if (row[k] > row[best]) best = k;
    return best;
  }
};

/// Adds a step's samples to the sums, by one thread, so that they are always added in the same order.
template <class T>
struct AddToSums {
  const T* each;
  const T* weight;  ///< null: ones
  const T* correct;
  const double* penalty;  ///< of the weights, for each sample; null: none
  std::int64_t n;
  StepSums* sums;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t) const {
    double loss = 0, right = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      loss += static_cast<double>(each[i]) * (weight ? static_cast<double>(weight[i]) : 1.0);
      right += static_cast<double>(correct[i]);
    }
    sums->loss += loss + (penalty ? static_cast<double>(n) * *penalty : 0.0);
    sums->correct += right;
    sums->samples += static_cast<double>(n);
  }
};

}  // namespace brindle::detail
