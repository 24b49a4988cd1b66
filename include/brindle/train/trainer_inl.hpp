// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what trainer.hpp declares: all but fit(), which is in trainer_fit_inl.hpp.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/evaluator.hpp"
#include "brindle/train/fit_checks.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/leaf_step.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/same_data.hpp"
#include "brindle/train/same_run.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_checkpoint.hpp"
#include "brindle/train/trainer.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle {

template <class T, class Device>
const std::vector<Tensor<T, Device>>& Trainer<T, Device>::slots(std::size_t layer, std::size_t which) const {
  return slots_.here()[layer][which].slots;
}

template <class T, class Device>
OptimizerState<T> Trainer<T, Device>::optimizer_state() const {
  team_.meet("optimizer_state()");
  OptimizerState<T> state{
      optimizer_->type() + updates_.kept_text(), step_, optimizer_->learning_rate(), pass_, samples_, {}};
  detail::OptimizerSlots<T, Device> whole;
  if (slots_.sharded()) whole = slots_.whole(leaf_step_.sums(), team_);
  team_.together([&] {
    if (!plan_ && !slots_.sharded()) slots_.make(*model_, *optimizer_, updates_);  // before the first step
    detail::read_slots(*model_, slots_.sharded() ? whole : slots_.here(), state);
  });
  return state;
}

template <class T, class Device>
void Trainer<T, Device>::set_optimizer_state(const OptimizerState<T>& state) {
  team_.meet("set_optimizer_state()");
  with_whole_slots([&] {
    team_.together([&] {
      const std::string own = optimizer_->type() + updates_.kept_text();
      if (state.type != own)
        detail::raise<ValueError>("set_optimizer_state: the state is that of " + state.type + ", the trainer has " +
                                  own);
      slots_.make(*model_, *optimizer_, updates_);
      detail::write_slots(*model_, slots_.here(), state);
      if (!team_.alone()) given_state_ = detail::slots_checksum(slots_.here());
    });
  });
  team_.together([&] { optimizer_->set_learning_rate(state.learning_rate); });
  step_ = state.steps;
  pass_ = state.passes;
  samples_ = state.samples;
  compared_ = false;
}

template <class T, class Device>
void Trainer<T, Device>::compare_processes(detail::RunIdentity identity) {
  if (team_.alone()) return;
  team_.together([&] {
    identity = detail::process_identity(std::move(identity), *model_, *optimizer_,
                                        slots_.sharded() ? given_state_ : detail::slots_checksum(slots_.here()), step_);
  });
  detail::expect_same_run(who_, team_, identity);
  compared_ = true;
}

template <class T, class Device>
void Trainer<T, Device>::begin_pass(const char* who, const data::Source& source, const detail::RunIdentity& options) {
  team_.meet((std::string(who) + "()").c_str(), [&] { check_same_data(who, source); });
  if (team_.alone()) return;
  detail::RunIdentity identity;
  team_.together([&] {
    identity = detail::trainer_identity(*model_, *optimizer_, *loss_, updates_);
    detail::add_pass(identity, *model_, source);
    identity.insert(identity.end(), options.begin(), options.end());
  });
  detail::expect_same_run(who, team_, identity);
}

template <class T, class Device>
template <class Work>
void Trainer<T, Device>::with_whole_slots(const Work& work) {
  slots_.make_whole(leaf_step_.sums(), team_);
  detail::Attempts attempt(team_);
  attempt(work);
  if (plan_ && !team_.alone()) attempt([&] { slots_.shard(*model_, *optimizer_, updates_, leaf_step_.sums(), team_); });
  attempt.throw_together();
}

template <class T, class Device>
StepResult Trainer<T, Device>::train_on_batch(In<T, Cpu> x, In<float, Cpu> labels) {
  team_.meet("train_on_batch()", [&] { detail::check_batch<T>("train_on_batch", *model_, *loss_, rules_, x, labels); });
  who_ = "train_on_batch";
  if (!team_.alone() && !compared_) {
    detail::RunIdentity identity;
    team_.together([&] {
      identity = detail::trainer_identity(*model_, *optimizer_, *loss_, updates_);
      detail::add_leaves(identity, updates_);
    });
    compare_processes(std::move(identity));
  }
  detail::expect_same_batch<T>(team_, x, labels, optimizer_->learning_rate());
  prepare(std::max(planned_batch_, x.shape[0]));
  samples_ += static_cast<std::uint64_t>(x.shape[0]);
  clear_totals();
  if (in_leaves()) {
    std::int64_t begin = 0;
    const auto next = [&] {
      begin = leaf_step_.leaf_begin();
      const std::int64_t end = begin + leaf_step_.leaf_size();
      batch_.write(x.slice(begin, end), labels.slice(begin, end));
    };
    train_leaves(x.shape[0], false, true, next, [&](std::int64_t i) { return detail::sample_number(begin + i); });
  } else {
    batch_.write(x, labels);
    train_batch(x.shape[0], false, true, detail::sample_number);
  }
  const auto n = static_cast<double>(totals_.samples);
  return {.loss = totals_.loss / n, .accuracy = totals_.correct / n};
}

template <class T, class Device>
Evaluation Trainer<T, Device>::evaluate(const data::Source& source, const EvaluateOptions& options) {
  begin_pass("evaluate", source, detail::pass_options(options));
  return evaluator_.evaluate("evaluate", *model_, *loss_, rules_, host(), source, options, team_);
}

template <class T, class Device>
Tensor<T, Cpu> Trainer<T, Device>::predict(const data::Source& source, std::int64_t batch) {
  begin_pass("predict", source, {{"batch", std::to_string(batch)}});
  return detail::Evaluator<T, Device>::predict("predict", *model_, host(), source, batch, false, 0, &team_);
}

template <class T, class Device>
Tensor<T, Cpu> Trainer<T, Device>::predict_averaged(const data::Source& source, std::int64_t times,
                                                    std::int64_t batch) {
  begin_pass("predict_averaged", source,
             {{"batch", std::to_string(batch)}, {"number of times", std::to_string(times)}});
  return detail::Evaluator<T, Device>::predict_averaged(*model_, host(), source, times, batch, team_);
}

template <class T, class Device>
bool Trainer<T, Device>::trainable_changed() {
  const bool changed = !planned_trainable_.same(*model_);
  if (team_.alone() || restoring_) return changed;
  if (!team_.any(changed)) return false;
  detail::expect_same_trainable(team_, *model_);
  return true;
}

template <class T, class Device>
void Trainer<T, Device>::prepare(std::int64_t batch) {
  const bool changed = trainable_changed();
  if (plan_ && planned_batch_ == batch && !changed) return;
  if (plan_ && !restoring_) read_totals();      // of steps that are under way in it
  slots_.make_whole(leaf_step_.sums(), team_);  // the sums go: there may be no memory for the plan in one process
  plan_.reset();                                // its memory first
  const auto make = [&] {
    planned_trainable_.note(*model_);
    planned_batch_ = batch;
    make_plan();
  };
  if (restoring_) return make();  // in one process after the other
  try {
    team_.together(make);
    if (!team_.alone()) {
      take_shared_memory();
      slots_.shard(*model_, *optimizer_, updates_, leaf_step_.sums(), team_);
    }
  } catch (...) {
    plan_.reset();  // in all processes, or in none
    throw;
  }
}

template <class T, class Device>
void Trainer<T, Device>::make_plan() {
  if (team_.alone() || restoring_) slots_.make(*model_, *optimizer_, updates_);
  const std::int64_t batch = leaves_.most(planned_batch_);
  PlanOptions options{.batch = batch,
                      .training = true,
                      .backward = true,
                      .logits = rules_.logits,
                      .keep_gradients = !options_.stream_gradients || (updates_.whole() && !in_leaves()),
                      .seed = options_.seed};
  if constexpr (!on_cpu) options.keep_gradients = true;  // all parameters are updated at once
  if (!in_leaves()) device_step_.reset(batch);
  auto plan = std::make_unique<Plan<T, Device>>(in_leaves() ? leaf_step_.device() : device_step_.device(),
                                                model_->graph(), options);
  batch_.resize(batch, model_->input_shape(), model_->output_shape());
  loss_->prepare(batch);
  if (in_leaves()) leaf_step_.prepare(*model_, *plan);
  if (in_leaves() && (team_.alone() || restoring_)) leaf_step_.sums().take_memory(*model_, team_);
  plan_ = std::move(plan);  // all that belongs to it is there, but that slots are divided
}

template <class T, class Device>
void Trainer<T, Device>::take_shared_memory() {
  detail::LeafGradients<T, Device>& sums = leaf_step_.sums();
  std::shared_ptr<const SharedMemory> rows, weights;
  if constexpr (on_cpu) {
    const std::size_t bytes = sums.row_bytes();
    if (may_share_weights_) {
      const std::vector<std::size_t> more = detail::SharedWeights<T>::bytes(*model_, sums, team_);
      rows = team_.share(bytes + more[static_cast<std::size_t>(team_.rank())]);
      if (rows && std::ranges::count(rows->of_all, nullptr) == 0) weights = rows;
    }
    if (!rows) rows = team_.share(bytes);
  }
  team_.together([&] {
    sums.take_memory(*model_, team_, std::move(rows));
    if constexpr (on_cpu) leaf_step_.weights().prepare(*model_, sums, team_, std::move(weights));
  });
}

template <class T, class Device>
void Trainer<T, Device>::share_weights([[maybe_unused]] std::int64_t epoch) {
  if constexpr (on_cpu)
    if (may_share_weights_) leaf_step_.weights().share(*model_, team_, epoch);
}

template <class T, class Device>
void Trainer<T, Device>::separate_weights() {
  if constexpr (on_cpu) leaf_step_.weights().separate();
}

template <class T, class Device>
void Trainer<T, Device>::finalize_variable_values() {
  team_.meet("finalize_variable_values()");
  slots_.take_averages(updates_, *optimizer_, *model_, leaf_step_.sums(), team_);
}

template <class T, class Device>
void Trainer<T, Device>::clear_totals() {
  totals_ = earlier_totals_ = {};
  if constexpr (!on_cpu) {
    if (in_leaves())
      leaf_step_.clear_totals();
    else
      device_step_.clear_sums();
  }
}

template <class T, class Device>
void Trainer<T, Device>::train_batch(std::int64_t n, bool with_weights, [[maybe_unused]] bool read, SampleNames names) {
  const detail::StepNames telling{who_, options_.seed, names};
  if constexpr (on_cpu) {
    totals_.add(device_step_.run(step_parts(), n, with_weights, step_, telling, outputs_seen_));
    ++step_;
  } else {
    device_step_.run(step_parts(), n, with_weights, step_, telling, outputs_seen_);
    ++step_;
    if (read || device_step_.due()) read_totals();
  }
}

template <class T, class Device>
template <class Next>
void Trainer<T, Device>::train_leaves(std::int64_t n, bool with_weights, [[maybe_unused]] bool read, const Next& next,
                                      SampleNames names) {
  const detail::StepNames telling{who_, options_.seed, names};
  leaf_step_.begin(n);
  try {
    while (leaf_step_.leaf_size() > 0) {
      next();
      leaf_step_.run(step_parts(), with_weights, step_, telling, outputs_seen_, team_);
    }
  } catch (...) {
    if (team_.alone()) throw;
    leaf_step_.fail(std::current_exception());
  }
  if constexpr (on_cpu) {
    totals_.add(leaf_step_.finish(step_parts(), step_, telling, team_));
    ++step_;
  } else {
    leaf_step_.finish(step_parts(), step_, team_);
    ++step_;
    if (read || team_.any(team_.first() && leaf_step_.due())) read_totals();  // all at once
  }
}

template <class T, class Device>
void Trainer<T, Device>::read_totals() {
  if constexpr (!on_cpu) {
    const auto sums = in_leaves() ? leaf_step_.totals(who_, step_, team_) : device_step_.sums(who_, step_);
    const double correct = rules_.has_accuracy ? sums.correct : std::numeric_limits<double>::quiet_NaN();
    totals_ = {earlier_totals_.loss + sums.loss, earlier_totals_.correct + correct,
               earlier_totals_.samples + static_cast<std::int64_t>(sums.samples)};
  }
}

}  // namespace brindle
