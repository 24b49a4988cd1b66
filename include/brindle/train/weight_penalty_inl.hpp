// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what weight_penalty.hpp declares.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/ops/l2_penalty/l2_penalty.hpp"
#include "brindle/train/weight_penalty.hpp"

namespace brindle::detail {

/// use(parameter) for each that is learned with a penalty.
template <class T, class Device, class Use>
void each_penalized(const Model<T, Device>& model, const Use& use) {
  for (const auto& layer : model.layers())
    if (layer->trainable)
      for (const auto& parameter : layer->parameters())
        if (parameter.learned && parameter.l2 > 0) use(parameter);
}

template <class T, class Device>
void WeightPenalty<T, Device>::compute(const Device& on, const Model<T, Device>& model) {
  std::int64_t workspace = 0;
  each_penalized(model, [&](const Parameter<T, Device>& p) {
    workspace = std::max(workspace, ops::l2_penalty_workspace<T>(on, p.value.size()));
  });
  any_ = workspace > 0;
  if (!any_) return;
  if (numbers_.size() < 1 + workspace) numbers_ = Tensor<double, Device>({1 + workspace});
  const TensorView<double, Device> total{numbers_.data(), {1}}, sums{numbers_.data() + 1, {workspace}};
  Memory<Device>::clear(on, total.data, sizeof(double));
  each_penalized(model,
                 [&](const Parameter<T, Device>& p) { ops::l2_penalty<T>(on, p.value.view(), p.l2, total, sums); });
}

template <class T, class Device>
double WeightPenalty<T, Device>::value() const {
  if (!any_) return 0;
  double sum = 0;
  Memory<Device>::copy_to_host(&sum, numbers_.data(), sizeof sum);
  return sum;
}

template <class T, class Device>
void add_penalty_gradient(const Device& on, const Parameter<T, Device>& parameter, std::int64_t first,
                          TensorView<T, Device> g) {
  if (!parameter.learned || parameter.l2 == 0) return;
  ops::l2_penalty_backward<T>(on, TensorView<const T, Device>{parameter.value.data() + first, g.shape}, parameter.l2,
                              g);
}

}  // namespace brindle::detail
