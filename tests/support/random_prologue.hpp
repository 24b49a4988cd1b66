// SPDX-License-Identifier: MIT
#pragma once

#include "support/kernels.hpp"
#include "support/random_sizes.hpp"

namespace brindle::test {

/// A normalization and an activation in front of a convolution, drawn.
template <class T>
struct RandomPrologue {
  TensorView<const T> mean, variance, gamma, beta;
  Tensor<T> factor, shift;
  ops::Prologue<T, Cpu> prologue;

  /// For x of this shape.
  RandomPrologue(RandomCase& c, const Shape& x)
      : mean(c.input<T>(Shape{x.back()})),
        variance(c.input<T>(Shape{x.back()}, 0.5, 2)),
        gamma(c.input<T>(Shape{x.back()})),
        beta(c.input<T>(Shape{x.back()})),
        factor(Shape{x.back()}),
        shift(Shape{x.back()}) {
    ops::batch_normalization_factors<T>(Cpu(1), variance, gamma, beta, epsilon, factor, shift);
    prologue = {{mean, factor.view(), shift.view()},
                c.pick({ActivationFunction::linear, ActivationFunction::relu, ActivationFunction::relu6})};
  }

  /// x behind it, by an op of its own.
  Tensor<T> x_behind(const Cpu& on, const TensorView<const T>& x) const {
    Tensor<T> y(x.shape);
    ops::batch_normalization<T>(on, x, mean, variance, gamma, beta, y, epsilon, prologue.activation);
    return y;
  }

 private:
  static constexpr double epsilon = 1e-3;
};

}  // namespace brindle::test
