// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/nn/plan_options.hpp"

namespace brindle::detail {

/// What a plan does as one. Of layers that stand one behind the other in a model:
///
///     [padding] layer                                     alone
///     [padding] layer fused                               with a pool or an activation
///     [padding] layer [normalized] [added] [activated]    where no backward pass follows
///
/// Where a backward pass follows, a normalization may leave its work to the step behind it, which does it as it reads;
/// and in the backward pass to the step in front of it.
template <class T, class Device>
struct PlanStep {
  const Layer<T, Device>* padding = nullptr;     ///< the layer in front, whose zeros the step puts around x; null: none
  const Layer<T, Device>* layer = nullptr;       ///< the first of the step, but for that one
  const MergeLayer<T, Device>* merge = nullptr;  ///< the same, where it reads several values
  const Layer<T, Device>* fused = nullptr;       ///< the layer behind it that the step does too; null: none
  const Layer<T, Device>* normalized = nullptr;  ///< the normalization behind it that the step does too; null: none
  const Layer<T, Device>* added = nullptr;       ///< the Add behind that; null: none
  const Layer<T, Device>* activated = nullptr;   ///< the activation behind one of these; null: none
  std::size_t index = 0;                         ///< of the layer in the model
  std::vector<std::size_t> inputs;               ///< the values that it reads; with `added` the other one of the sum
  std::size_t output = 0;                        ///< the value that it gives
  std::vector<bool> gradients;                   ///< of which inputs backward() is to give the gradient
  std::uint32_t stream = 0;                      ///< of the layer's random numbers
  bool identity = false;                         ///< only renames memory
  bool deferred = false;                         ///< its output is never stored: the next step makes it of its input
  bool reads_deferred = false;                   ///< the step in front is deferred
  bool gradient_deferred = false;        ///< the gradient by its input is never stored: the step in front makes it
  bool reads_deferred_gradient = false;  ///< the step behind it is gradient_deferred
  bool gradient_sums_given = false;      ///< the step behind it makes the sums of its gradients
  bool gives_gradient_sums = false;      ///< for the step in front of it
  bool backward = false;                 ///< has a backward pass
  bool last = false;                     ///< the layer whose activation a loss may take over
  bool check = false;                    ///< look at what the layer touches, the first time
};

/// The steps of a plan. Throws ValueError for a graph without layers.
///
/// A layer is fused with the one behind it where it can be and nothing else reads what stands between them, with a sum
/// or a normalization only where no backward pass follows; and with one in front that only puts zeros around its input.
/// Backward has the
/// layers that learn, and those that stand behind one which learns (or behind PlanOptions::gradient_of): only they are
/// asked for gradients by their input.
template <class T, class Device>
std::vector<PlanStep<T, Device>> plan_steps(const Device& on, const LayerGraph<T, Device>& graph,
                                            const PlanOptions& options);

/// What a step's layer is told of a pass; without memory and random numbers.
template <class T, class Device>
Pass<T, Device> pass_of(const Device& on, const PlanStep<T, Device>& step, const PlanOptions& options);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/nn/plan_steps_inl.hpp"
#endif
