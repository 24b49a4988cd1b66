// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::detail {

/// The sum of the L2 penalties of what a model learns, see Model::set_l2.
template <class T, class Device>
class WeightPenalty {
 public:
  /// Computes it for the weights as they are, on the device; a model without penalties costs nothing.
  void compute(const Device& on, const Model<T, Device>& model);

  /// Where it lies on the device; null: there are no penalties.
  const double* on_device() const { return any_ ? numbers_.data() : nullptr; }

  /// What compute() found; waits for the device.
  double value() const;

 private:
  bool any_ = false;
  Tensor<double, Device> numbers_;  // the sum, then a workspace
};

/// g = g + 2 l2 w, where the parameter has a penalty. g: of its elements from `first` on.
template <class T, class Device>
void add_penalty_gradient(const Device& on, const Parameter<T, Device>& parameter, std::int64_t first,
                          TensorView<T, Device> g);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/weight_penalty_inl.hpp"
#endif
