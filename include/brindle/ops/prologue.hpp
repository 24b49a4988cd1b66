// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// What a convolution does to every number of x as it reads it: activation(normalization of x). Zeros around x stay 0.
template <class T, class Device>
struct Prologue {
  ChannelNormalization<T, Device> normalization;               ///< of x's channels
  ActivationFunction activation = ActivationFunction::linear;  ///< linear, relu or relu6

  bool empty() const { return normalization.mean.empty(); }  ///< x is read as it is
};

}  // namespace brindle::ops

namespace brindle::detail {

/// Throws unless an op takes this prologue of x, if there is one.
template <class T, class Device>
void expect_prologue(const char* op, bool takes, const Shape& x, const ops::Prologue<T, Device>& prologue) {
  if (prologue.empty()) return;
  if (!takes)
    raise<ValueError>(std::string(op) +
                      ": takes no prologue here, on a GPU or with such filters: normalize x by "
                      "ops::batch_normalization before");
  expect_activates<Device>(op, prologue.activation);
  expect_normalization(op, x.back(), prologue.normalization);
}

}  // namespace brindle::detail
