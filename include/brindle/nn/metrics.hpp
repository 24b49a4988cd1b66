#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"

namespace brindle {

/// How well the outputs of samples name their classes, added up: what Keras's "accuracy" means for these sizes.
///
///     p (n, K) outputs;  t (n, L) labels
///
/// K = L: the share of outputs with (p > 0.5) == t, a probability of exactly 0.5 counting as 0. K > 1, L = 1: 1 if the
/// largest output (the first of equals) is that of class t. Returns the sum over samples.
template <class T>
double correct_samples(TensorView<const T, Cpu> p, TensorView<const T, Cpu> t) {
  const std::int64_t n = p.shape[0];
  const std::int64_t outputs = n ? p.size() / n : 1;
  const std::int64_t labels = n ? t.size() / n : 1;
  double correct = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = p.data + i * outputs;
    if (labels == outputs) {
      std::int64_t hits = 0;
      for (std::int64_t k = 0; k < outputs; ++k)
        hits += (row[k] > T(0.5) ? T(1) : T(0)) == t.data[i * labels + k] ? 1 : 0;
      correct += static_cast<double>(hits) / static_cast<double>(outputs);
    } else {
      std::int64_t best = 0;
      for (std::int64_t k = 1; k < outputs; ++k)
        if (row[k] > row[best]) best = k;
      correct += static_cast<T>(best) == t.data[i * labels] ? 1 : 0;
    }
  }
  return correct;
}

}  // namespace brindle
