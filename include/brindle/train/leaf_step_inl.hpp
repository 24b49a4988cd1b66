// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what leaf_step.hpp declares.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <type_traits>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/loss_check.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/ops/rescale/rescale.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/finite.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/leaf_step.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/training_step.hpp"

namespace brindle::detail {

template <class T, class Device>
void LeafStep<T, Device>::begin(std::int64_t n) {
  walk_.begin(n);
  gradients_.begin();
  error_ = nullptr;
  skip_empty();
}

template <class T, class Device>
void LeafStep<T, Device>::skip_empty() {
  for (; !walk_.ended() && walk_.size() == 0; walk_.go_on()) {
    gradients_.add_nothing(on_, walk_.index());
    add_up({});
  }
}

template <class T, class Device>
void LeafStep<T, Device>::add_up(Sums sums) {
  const auto level = static_cast<std::size_t>(std::countr_one(static_cast<std::uint64_t>(walk_.index())));
  for (std::size_t k = 0; k < level; ++k) sums = add(waiting_[k], sums);
  waiting_[level] = sums;
}

template <class T, class Device>
void LeafStep<T, Device>::run(const Parts& p, bool with_weights, std::int64_t step, const StepNames& names,
                              bool& outputs_seen, Team& team) {
  static_assert(std::is_same_v<Device, Cpu>, "to train on a GPU include brindle/cuda.hpp");
  const std::int64_t n = walk_.size();
  const std::uint32_t number = walk_.number();
  T share = static_cast<T>(walk_.share());
  const TensorView<const T, Device> shares(&share, Shape{1});
  const TensorView<const T, Device> x = p.batch.x(n);
  const TensorView<T, Device> y = p.plan.forward(x, static_cast<std::uint32_t>(step), number);
  const TensorView<const T, Device> weight = with_weights ? p.batch.weight(n) : TensorView<const T, Device>{};
  const TensorView<T, Device> dy = p.plan.output_gradient();
  if (loss_seen_)
    p.loss(on_, p.rules.logits, y, p.batch.labels(n), weight, p.batch.each(n), dy);
  else
    checked_loss<T>(names.who, p.loss, on_, p.rules.logits, y, p.batch.labels(n), weight, p.batch.each(n), dy);
  loss_seen_ = true;
  Sums sums;
  const auto each = p.batch.each(n);
  for (std::int64_t i = 0; i < n; ++i)
    sums.loss += static_cast<double>(each[i]) * (with_weights ? static_cast<double>(weight.data[i]) : 1.0);
  if (!std::isfinite(sums.loss))
    raise_not_finite<T, Device>(names.who, on_, p.model, x, each, sums.loss / static_cast<double>(n), step, names.seed,
                                names.sample, number);
  if (!outputs_seen) p.loss.check_outputs(names.who, p.rules.last, y);
  outputs_seen = true;
  sums.correct = p.rules.template correct<T>(p.batch.read_probabilities(on_, y, p.rules.left_out()), p.batch.labels(n));
  add_up(sums);
  if (!dy.empty()) ops::rescale_backward<T>(on_, dy, shares, dy);
  const auto whole = [&](std::size_t layer, std::span<const TensorView<T, Device>> gradients) {
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (gradients[i].empty()) continue;
      if (!std::as_const(*p.model.layers()[layer]).parameters()[i].learned)
        ops::rescale_backward<T>(on_, gradients[i], shares, gradients[i]);
      gradients_.add_whole(on_, walk_.index(), layer, i, gradients[i]);
    }
    if (walk_.last()) gradients_.advance(team, layer);
  };
  const auto part = [&](std::size_t layer, std::size_t which, std::int64_t first, TensorView<const T, Device> block) {
    gradients_.add(walk_.index(), layer, which, first, block);
  };
  const typename Plan<T, Device>::OnStream stream(part);
  p.plan.backward(whole, &stream);
  walk_.go_on();
  skip_empty();
}

template <class T, class Device>
StepTotals LeafStep<T, Device>::finish(const Parts& p, std::int64_t step, const StepNames& names, Team& team) {
  const auto last = static_cast<std::size_t>(std::countr_zero(static_cast<std::uint64_t>(walk_.leaves().own)));
  Attempts attempt(team, error_);
  attempt([&] { penalty_.compute(on_, p.model); });
  gradients_.finish(team);  // also of a process that has failed, since the others wait for its part
  Sums own = attempt.failed() ? Sums{} : waiting_[last];
  own.failed = attempt.failed();
  const Sums sums = team.combined(own, add);
  if (sums.failed) attempt.throw_together();
  const double n = static_cast<double>(walk_.batch()), loss = sums.loss / n + penalty_.value();
  if (!std::isfinite(loss))
    team.together([&] {
      raise<NumericsError>(std::string(names.who) + ": the loss is " + number_text(loss) + " at step " +
                           std::to_string(step + 1) +
                           ", that of each leaf of the batch is finite: their sum or the L2 penalty overflows; use a "
                           "smaller learning_rate. No weight was changed by this step.");
    });
  update_.run(p, step, gradients_, team, weights_.shared());
  return {.loss = loss * n, .correct = sums.correct, .samples = walk_.batch()};
}

}  // namespace brindle::detail
