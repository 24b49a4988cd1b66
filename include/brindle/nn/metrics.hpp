#pragma once

#include "brindle/core/tensor.hpp"

namespace brindle {

/// What "accuracy" counts.
enum class Accuracy {
  automatic,  ///< as Keras: by the largest output where there are several, else by each output
  binary      ///< each output by itself, also of several: labels that may be 1 at more than one place (multi-label)
};

namespace detail {

/// correct_samples() without a look at the outputs. each_output: not by the largest of a row.
template <class T>
double count_correct(TensorView<const T, Cpu> p, TensorView<const T, Cpu> t, T threshold, bool each_output);

}  // namespace detail

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/metrics_inl.hpp"
#endif
