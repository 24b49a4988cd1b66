// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/ops/parameter_update.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/update_rules.hpp"

namespace brindle::detail {

/// A training step behind its backward pass, where gradients are whole: they are collected, then added up, clipped and
/// given to the optimizer, as the rules say; then averages of the weights follow. Always in the same order.
template <class T, class Device>
class WeightUpdate {
 public:
  /// Forgets what was collected.
  void clear();
  /// Elements [first, first + gradient.size()) of a parameter are to be stepped with this gradient, which may be
  /// overwritten until run() is done.
  void add(const UpdateRules& rules, const Optimizer<T, Device>& optimizer, Layer<T, Device>& layer, std::size_t which,
           ParameterState<T, Device>& state, std::int64_t first, TensorView<T, Device> gradient);
  /// A parameter's gradient, of which add() is given all or a part, is to be clipped.
  void add_to_clip(TensorView<T, Device> gradient) { gradients_.push_back(gradient); }
  /// Step number `step` of this kind, with what was collected: add_up(), then update().
  void run(const Device& on, const UpdateRules& rules, const Optimizer<T, Device>& optimizer, std::int64_t step,
           const StepKind& kind) {
    add_up(on, rules, kind);
    update(on, rules, optimizer, step, kind);
  }
  /// The gradients become those of a group of batches, if there are groups. Takes what memory update() needs.
  void add_up(const Device& on, const UpdateRules& rules, const StepKind& kind);
  /// Clips, steps, and has averages follow.
  void update(const Device& on, const UpdateRules& rules, const Optimizer<T, Device>& optimizer, std::int64_t step,
              const StepKind& kind);

 private:
  void clip(const Device& on, const UpdateRules& rules);

  std::vector<ops::ParameterUpdate<T, Device>> updates_;
  std::vector<TensorView<T, Device>> parts_, sums_, averages_;  // one for each update: gradients, and what is kept
  std::vector<SlotViews<T, Device>> slots_;                     // one for each update on the Cpu
  std::vector<TensorView<T, Device>> gradients_;                // that are clipped
  Tensor<T, Device> share_;                                     // of a batch in the mean gradient
  Tensor<double, Device> workspace_;                            // of norms
};

/// The average of a weight, or of a part of it, behind a step.
template <class T, class Device>
void follow_weights(const Device& on, const UpdateRules& rules, const StepKind& kind, TensorView<T, Device> w,
                    TensorView<T, Device> average);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/weight_update_inl.hpp"
#endif
