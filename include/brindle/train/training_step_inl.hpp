// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what training_step.hpp declares.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/loss_check.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/finite.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_penalty.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle::detail {

template <class T, class Device>
StepTotals TrainingStep<T, Device>::run(const StepParts<T, Device>& p, std::int64_t n, bool with_weights,
                                        std::int64_t step, const StepNames& names, bool& outputs_seen) {
  static_assert(std::is_same_v<Device, Cpu>, "to train on a GPU include brindle/cuda.hpp");
  const TensorView<const T, Device> x = p.batch.x(n);
  const TensorView<T, Device> y = p.plan.forward(x, static_cast<std::uint32_t>(step));
  const TensorView<const T, Device> weight = with_weights ? p.batch.weight(n) : TensorView<const T, Device>{};
  if (loss_seen_)
    p.loss(on_, p.rules.logits, y, p.batch.labels(n), weight, p.batch.each(n), p.plan.output_gradient());
  else
    checked_loss<T>(names.who, p.loss, on_, p.rules.logits, y, p.batch.labels(n), weight, p.batch.each(n),
                    p.plan.output_gradient());
  loss_seen_ = true;
  double loss = 0;
  const auto each = p.batch.each(n);
  for (std::int64_t i = 0; i < n; ++i)
    loss += static_cast<double>(each[i]) * (with_weights ? static_cast<double>(weight.data[i]) : 1.0);
  penalty_.compute(on_, p.model);
  loss = loss / static_cast<double>(n) + penalty_.value();
  if (!std::isfinite(loss))
    raise_not_finite<T, Device>(names.who, on_, p.model, x, each, loss, step, names.seed, names.sample);
  if (!outputs_seen) p.loss.check_outputs(names.who, p.rules.last, y);
  outputs_seen = true;
  const double correct =
      p.rules.template correct<T>(p.batch.read_probabilities(on_, y, p.rules.left_out()), p.batch.labels(n));
  update(p, step, [&](auto on_gradients, const auto* on_stream, const auto* stream_state) {
    p.plan.backward(on_gradients, on_stream, stream_state);
  });
  return {.loss = loss * static_cast<double>(n), .correct = correct, .samples = n};
}

template <class T, class Device>
void TrainingStep<T, Device>::update(const StepParts<T, Device>& p, std::int64_t step, Backward backward) {
  const StepKind kind = p.updates.kind(step);
  const auto own = static_cast<std::size_t>(p.optimizer.slots());
  const auto step_part = [&](std::size_t layer, std::size_t which, std::int64_t first,
                             TensorView<const T, Device> gradient) {
    const Layer<T, Device>& of = *p.model.layers()[layer];
    const TensorView<T, Device> w{p.model.layers()[layer]->parameters()[which].value.data() + first, gradient.shape};
    auto& state = p.slots[layer][which];
    p.optimizer.update_named(on_, step + 1, {of.name, of.parameters()[which].name}, w, gradient,
                             Slots(state, own, first, gradient.shape).all());
    if (p.updates.averages())
      follow_weights<T>(on_, p.updates, kind, w,
                        TensorView<T, Device>{state.slots.back().data() + first, gradient.shape});
  };
  whole_.clear();
  const auto whole = [&](std::size_t layer, std::span<const TensorView<T, Device>> gradients) {
    const Layer<T, Device>& of = *p.model.layers()[layer];
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (gradients[i].empty()) continue;
      add_penalty_gradient<T>(on_, of.parameters()[i], 0, gradients[i]);
      if (of.parameters()[i].learned && p.updates.whole()) {
        whole_.add(p.updates, p.optimizer, *p.model.layers()[layer], i, p.slots[layer][i], 0, gradients[i]);
        whole_.add_to_clip(gradients[i]);
      } else if (of.parameters()[i].learned) {
        step_part(layer, i, 0, gradients[i]);
      } else {
        of.follow(on_, i, p.model.layers()[layer]->parameters()[i].value.view(), gradients[i]);
      }
    }
  };
  const typename Plan<T, Device>::OnStream stream(step_part);
  const auto state = [&](std::size_t layer, std::size_t which) -> TensorView<const T, Device> {
    if (p.optimizer.slots() == 0) return {};
    return p.slots[layer][which].slots[0].view();
  };
  const typename Plan<T, Device>::StreamState stream_state(state);
  backward(whole, &stream, &stream_state);
  if (p.updates.whole()) whole_.run(on_, p.updates, p.optimizer, step, kind);
}

}  // namespace brindle::detail
