// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "brindle/core/error.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/elu.hpp"
#include "brindle/ops/activation/function.hpp"
#include "brindle/ops/activation/gelu.hpp"
#include "brindle/ops/activation/hard_sigmoid.hpp"
#include "brindle/ops/activation/hard_silu.hpp"
#include "brindle/ops/activation/leaky_relu.hpp"
#include "brindle/ops/activation/linear.hpp"
#include "brindle/ops/activation/relu.hpp"
#include "brindle/ops/activation/relu6.hpp"
#include "brindle/ops/activation/sigmoid.hpp"
#include "brindle/ops/activation/silu.hpp"
#include "brindle/ops/activation/softplus.hpp"
#include "brindle/ops/activation/tanh.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle::ops {
namespace kernel::activations {

/// work(functor) with what computes f, which is not softmax.
template <class Work>
constexpr void with_function(ActivationFunction f, Work&& work) {
  switch (f) {
#define BRINDLE_WORK(name, functor) \
  case ActivationFunction::name:    \
    return work(functor{});
    BRINDLE_ACTIVATIONS(BRINDLE_WORK)
#undef BRINDLE_WORK
    case ActivationFunction::softmax:
      break;
  }
  BRINDLE_ASSERT(false, "softmax needs the whole row");
}

/// f(x) of a number, on the GPU, too; f is not softmax.
template <class T>
BRINDLE_HOST_DEVICE inline T value(ActivationFunction f, T x) {
  switch (f) {
#define BRINDLE_VALUE(name, functor) \
  case ActivationFunction::name:     \
    return functor{}.value(x);
    BRINDLE_ACTIVATIONS(BRINDLE_VALUE)
#undef BRINDLE_VALUE
    case ActivationFunction::softmax:
      break;
  }
  return x;
}

/// g f'(x) of a number, on the GPU, too. z: x where the gradient is computed from it, else f(x); f is not softmax.
template <class T>
BRINDLE_HOST_DEVICE inline T gradient(ActivationFunction f, T z, T g) {
  switch (f) {
#define BRINDLE_GRADIENT(name, functor) \
  case ActivationFunction::name:        \
    return functor{}.gradient(z, g);
    BRINDLE_ACTIVATIONS(BRINDLE_GRADIENT)
#undef BRINDLE_GRADIENT
    case ActivationFunction::softmax:
      break;
  }
  return g;
}

/// Between which f(x) lies, whatever x is.
struct Range {
  double lowest, highest;
};

constexpr Range range_of(ActivationFunction f) {
  Range range{0, 1};  // of softmax
  if (f != ActivationFunction::softmax)
    with_function(f, [&](auto function) { range = {decltype(function)::lowest, decltype(function)::highest}; });
  return range;
}

}  // namespace kernel::activations

/// Whether the gradient of f is computed from x, since f(x) does not tell it: a layer then keeps x for its backward
/// pass, else f(x).
constexpr bool gradient_from_input(ActivationFunction f) {
  bool from_input = false;
  if (f != ActivationFunction::softmax)
    kernel::activations::with_function(f, [&](auto function) { from_input = decltype(function)::from_input; });
  return from_input;
}

namespace kernel {

/// An activation at the end of a product: what is done to a sum before it is stored, and what is left to a second look
/// at sums that have just been stored and are still in the cache.
template <class T>
struct ActivationSteps {
  bool clamps = false;  ///< a sum is cut off
  /// Between which it is then.
  /// @{
  T least = -std::numeric_limits<T>::infinity();
  T most = std::numeric_limits<T>::infinity();
  /// @}
  ActivationFunction after = ActivationFunction::linear;  ///< of what is stored

  static constexpr ActivationSteps of(ActivationFunction f) {
    ActivationSteps steps;
    activations::with_function(f, [&](auto function) {
      using F = decltype(function);
      if (F::clamps)
        steps.clamps = true, steps.least = static_cast<T>(F::lowest), steps.most = static_cast<T>(F::highest);
      else
        steps.after = f;
    });
    return steps;
  }
};

}  // namespace kernel
}  // namespace brindle::ops
