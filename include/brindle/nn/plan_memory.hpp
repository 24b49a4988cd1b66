// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_graph.hpp"
#include "brindle/nn/liveness.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/nn/step_bands.hpp"

namespace brindle::detail {

/// The number of a block of a plan's arena; none: there is no such memory.
using BlockNumber = std::optional<std::size_t>;

/// Where a layer leaves the gradient by one of its inputs.
struct InputGradient {
  BlockNumber dx;    ///< none: it is not wanted
  bool add = false;  ///< another step has written the value's gradient: dx is added to it
};

/// The memory of one step.
struct StepMemory {
  LayerNeeds needs;  ///< none where it runs in bands
  BlockNumber saved, forward_workspace, backward_workspace;
  std::vector<BlockNumber> gradients;  ///< of its parameters; none: streamed
  std::vector<InputGradient> inputs;   ///< one for each value that it reads
};

/// The memory of one value.
struct ValueMemory {
  Shape shape;           ///< of one sample
  BlockNumber block;     ///< none: the caller's memory, or inside
  bool inside = false;   ///< of a step, or left to the next one: it is never stored
  BlockNumber gradient;  ///< none: nobody wants it
  bool whole = true;     ///< of the whole batch; else of a slice
};

/// Where every activation, gradient and workspace of a plan lies. Blocks whose times do not overlap share memory.
///
/// Times: forward of step i at i, its backward at 2 steps - 1 - i. The gradient of a value that several steps read is
/// their sum, in the order of the backward pass: the first one writes it, the others add to it.
struct PlanMemory {
  std::vector<StepMemory> steps;
  std::vector<ValueMemory> values;
  std::vector<LiveBlock> blocks;
  std::int64_t bytes = 0;   ///< of the arena
  std::size_t leading = 0;  ///< steps that a slice of the batch goes through before the next slice does
  std::int64_t slice = 1;   ///< most samples of it
};

/// The memory of these steps of a graph, of which some run in bands: the workspace of these is the first one's.
template <class T, class Device>
PlanMemory plan_memory(const Device& on, const LayerGraph<T, Device>& graph,
                       const std::vector<PlanStep<T, Device>>& steps, const std::vector<StepBands<T, Device>>& bands,
                       const PlanOptions& options);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/nn/plan_memory_inl.hpp"
#endif
