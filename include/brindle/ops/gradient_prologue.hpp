// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops {

/// For each channel of what a normalization read, x, the sums over all rows of g (x - mean), and of g, where g is the
/// gradient by what it gave, or 0 where its activation lets none pass.
template <class T, class Device>
struct GradientSums {
  TensorView<T, Device> scale;  ///< (C): of g (x - mean)
  TensorView<T, Device> shift;  ///< (C): of g

  bool empty() const { return scale.empty(); }  ///< they are not wanted
};

/// What the backward pass of a convolution does to every number of dy as it reads it, where a normalization stands
/// behind: of the gradient by what the normalization gave it makes that by what it read, z, which the convolution gave:
///
///     dz = factor g - along (z - mean) - rest
template <class T, class Device>
struct GradientPrologue {
  TensorView<const T, Device> z;                               ///< of dy's shape
  ChannelNormalization<T, Device> normalization;               ///< of z's channels; shift is read with an activation
  TensorView<const T, Device> along;                           ///< (C)
  TensorView<const T, Device> rest;                            ///< (C)
  ActivationFunction activation = ActivationFunction::linear;  ///< linear, relu or relu6

  bool empty() const { return normalization.mean.empty(); }  ///< dy is read as it is
};

}  // namespace brindle::ops

namespace brindle::detail {

/// Throws unless it fits a dy of this shape.
template <class T, class Device>
void expect_gradient_prologue(const char* op, const Shape& dy, const ops::GradientPrologue<T, Device>& prologue) {
  expect_activates<Device>(op, prologue.activation);
  expect_shape(op, "z", dy, prologue.z.shape);
  expect_normalization(op, dy.back(), prologue.normalization);
  expect_shape(op, "along", Shape{dy.back()}, prologue.along.shape);
  expect_shape(op, "rest", Shape{dy.back()}, prologue.rest.shape);
}

/// Throws unless the sums, if they are wanted, are for the channels of x, and x goes through a prologue.
template <class T, class Device>
void expect_gradient_sums(const char* op, const Shape& x, const ops::Prologue<T, Device>& prologue,
                          const ops::GradientSums<T, Device>& sums) {
  if (sums.empty()) return;
  expect_shape(op, "sums.scale", Shape{x.back()}, sums.scale.shape);
  expect_shape(op, "sums.shift", Shape{x.back()}, sums.shift.shape);
  if (prologue.empty())
    raise<ValueError>(std::string(op) + ": sums are those of the normalization in front, give it as the prologue");
}

}  // namespace brindle::detail
