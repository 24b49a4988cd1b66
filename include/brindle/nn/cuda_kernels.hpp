#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle {

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
  bool sigmoid;  ///< y are logits of it

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T* row = y + i * outputs;
    if (labels != outputs) {
      std::int64_t best = 0;
      for (std::int64_t k = 1; k < outputs; ++k)
        if (row[k] > row[best]) best = k;
      correct[i] = static_cast<T>(best) == t[i * labels] ? T(1) : T(0);
      return;
    }
    std::int64_t hits = 0;
    for (std::int64_t k = 0; k < outputs; ++k) {
      const T p = sigmoid ? T(1) / (T(1) + std::exp(-row[k])) : row[k];
      hits += (p > T(0.5) ? T(1) : T(0)) == t[i * labels + k] ? 1 : 0;
    }
    correct[i] = static_cast<T>(hits) / static_cast<T>(outputs);
  }
};

/// Adds a step's samples to the sums, by one thread, so that they are always added in the same order.
template <class T>
struct AddToSums {
  const T* each;
  const T* weight;  ///< null: ones
  const T* correct;
  std::int64_t n;
  StepSums* sums;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t) const {
    double loss = 0, right = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      loss += static_cast<double>(each[i]) * (weight ? static_cast<double>(weight[i]) : 1.0);
      right += static_cast<double>(correct[i]);
    }
    sums->loss += loss;
    sums->correct += right;
    sums->samples += static_cast<double>(n);
  }
};

}  // namespace brindle
