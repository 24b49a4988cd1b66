// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what trainer.hpp declares.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/evaluator.hpp"
#include "brindle/train/fit_callbacks.hpp"
#include "brindle/train/fit_checks.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/fit_place.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/leaf_batches.hpp"
#include "brindle/train/leaf_step.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/same_data.hpp"
#include "brindle/train/sample_weights.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_checkpoint.hpp"
#include "brindle/train/trainer.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle {

template <class T, class Device>
const std::vector<Tensor<T, Device>>& Trainer<T, Device>::slots(std::size_t layer, std::size_t which) const {
  return slots_[layer][which].slots;
}

template <class T, class Device>
OptimizerState<T> Trainer<T, Device>::optimizer_state() const {
  OptimizerState<T> state{
      optimizer_->type() + updates_.kept_text(), step_, optimizer_->learning_rate(), pass_, samples_, {}};
  detail::read_slots(*model_, slots_, state);
  return state;
}

template <class T, class Device>
void Trainer<T, Device>::set_optimizer_state(const OptimizerState<T>& state) {
  const std::string own = optimizer_->type() + updates_.kept_text();
  if (state.type != own)
    detail::raise<ValueError>("set_optimizer_state: the state is that of " + state.type + ", the trainer has " + own);
  detail::write_slots(*model_, slots_, state);
  optimizer_->set_learning_rate(state.learning_rate);
  step_ = state.steps;
  pass_ = state.passes;
  samples_ = state.samples;
}

template <class T, class Device>
History Trainer<T, Device>::fit(const data::Source& source, const FitOptions& options) {
  team_.together([&] {
    detail::check_fit(*model_, *loss_, rules_, source, options);
    detail::check_leaves("fit", leaves_.count, std::min(options.batch, source.size()));
  });
  trained_on_ = detail::DataMeaning(source);
  History history;
  FitState state;
  std::size_t begun = 0;  // callbacks
  try {
    run_fit(source, options, state, history, begun);
  } catch (...) {
    detail::tell_failed(team_, options.callbacks, begun, state);
    throw;
  }
  return history;
}

template <class T, class Device>
StepResult Trainer<T, Device>::train_on_batch(In<T, Cpu> x, In<float, Cpu> labels) {
  detail::check_batch<T>("train_on_batch", *model_, *loss_, rules_, x, labels);
  who_ = "train_on_batch";
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
    train_leaves(x.shape[0], false, next, [&](std::int64_t i) { return detail::sample_number(begin + i); });
  } else {
    batch_.write(x, labels);
    train_batch(x.shape[0], false, true, detail::sample_number);
  }
  const auto n = static_cast<double>(totals_.samples);
  return {.loss = totals_.loss / n, .accuracy = totals_.correct / n};
}

template <class T, class Device>
Evaluation Trainer<T, Device>::evaluate(const data::Source& source, const EvaluateOptions& options) {
  check_same_data("evaluate", source);
  return evaluator_.evaluate("evaluate", *model_, *loss_, rules_, host(), source, options, team_);
}

template <class T, class Device>
Tensor<T, Cpu> Trainer<T, Device>::predict(const data::Source& source, std::int64_t batch) {
  check_same_data("predict", source);
  return detail::Evaluator<T, Device>::predict("predict", *model_, host(), source, batch, false, 0, &team_);
}

template <class T, class Device>
Tensor<T, Cpu> Trainer<T, Device>::predict_averaged(const data::Source& source, std::int64_t times,
                                                    std::int64_t batch) {
  check_same_data("predict_averaged", source);
  return detail::Evaluator<T, Device>::predict_averaged(*model_, host(), source, times, batch, team_);
}

template <class T, class Device>
void Trainer<T, Device>::run_fit(const data::Source& source, const FitOptions& options, FitState& state,
                                 History& history, std::size_t& begun) {
  const std::int64_t n = source.size();
  const std::int64_t batch = std::min(options.batch, n);
  const std::int64_t steps = options.steps_per_epoch ? options.steps_per_epoch : (n + batch - 1) / batch;
  who_ = "fit";
  outputs_seen_ = rules_.last.known;
  prepare(batch);
  state.epochs = options.epochs;
  state.steps = steps;
  state.history = &history;
  state.learning_rate = optimizer_->learning_rate();
  state.validation = static_cast<bool>(options.validation);
  state.has_accuracy = rules_.has_accuracy;
  for (const Metric& m : options.metrics) {
    state.val_metrics[m.name] = std::numeric_limits<double>::quiet_NaN();
    history.val_metrics[m.name];  // checkpoints ask for it
  }
  detail::FitPlace at;
  clear_totals();
  detail::RunIdentity identity;
  if (options.checkpoint || !team_.alone())
    team_.together([&] {
      identity = detail::run_identity(host(), *model_, *optimizer_, *loss_, source, options, batch, steps, updates_);
    });
  if (!team_.alone())
    detail::expect_same_run(team_, detail::process_identity(identity, *model_, *optimizer_, slots_, options, step_));
  std::optional<detail::TeamCheckpoint> shared;
  if (options.checkpoint && !team_.alone()) shared.emplace(*options.checkpoint, team_);
  CheckpointStore* checkpoint = shared ? &*shared : options.checkpoint.get();
  const auto run = [&](RunState& r) {
    for (const auto& [name, text] : identity) r.same(name, text);
    if constexpr (on_cpu)
      r.computed_by("instruction set", ops::cpu_isa());
    else
      r.computed_by("GPU", on_.gpu_name());
    visit(r, options, at, history, state);
  };
  const auto save = [&] {
    read_totals();
    checkpoint->save("epoch " + std::to_string(state.epoch) + " of " + std::to_string(options.epochs) + ", step " +
                         std::to_string(state.step) + " of " + std::to_string(steps),
                     run);
  };
  state.resumed = checkpoint && checkpoint->begin();
  detail::begin_callbacks(team_, options.callbacks, state, begun);
  take_changes(state);
  if (state.resumed) checkpoint->restore(run);

  detail::LeafBatches<T> batches(batch_.read_ahead(source), host(),
                                 {.passes = {.samples = n,
                                             .batch = batch,
                                             .shuffle = options.shuffle,
                                             .seed = options_.seed,
                                             .pass = at.position > 0 ? pass_ - 1 : pass_,
                                             .position = at.position,
                                             .first_use = samples_},
                                  .leaves = leaves_,
                                  .ahead = options.prefetch,
                                  .steps = std::max<std::int64_t>((options.epochs - at.epochs) * steps - at.step, 0)});
  std::span<const data::Draw> drawn;
  const auto next = [&] {
    const auto [x, draws] = batches.next();
    batch_.borrow(x, source, draws);
    if (detail::weighted(options))
      detail::weigh<T>(source, options, draws, batch_.weight(static_cast<std::int64_t>(draws.size())));
    drawn = draws;
  };
  const auto names = [&](std::int64_t i) { return source.describe(drawn[static_cast<std::size_t>(i)].row); };

  const double exchanged_before = team_.seconds();
  // An epoch that was begun is brought to its end even if a callback has set stop.
  while (at.epochs < options.epochs && (!state.stop || at.step > 0) && !state.pause) {
    const auto start = std::chrono::steady_clock::now();
    state.epoch = at.epochs + 1;
    state.val_loss = state.val_accuracy = std::numeric_limits<double>::quiet_NaN();
    if (at.step == 0) clear_totals();
    const double seconds_before = at.seconds, waited_before = batches.waited() - at.waited;
    while (at.step < steps && !(state.stop && at.step > 0) && !state.pause) {
      const std::int64_t count = std::min(batch, n - at.position);
      if (!in_leaves()) next();
      if (at.position == 0) ++pass_;
      at.position = (at.position + count) % n;
      samples_ += static_cast<std::uint64_t>(count);
      ++at.step;
      at.samples += count;
      if (in_leaves())
        train_leaves(count, detail::weighted(options), next, names);
      else
        train_batch(count, detail::weighted(options), at.step == steps, names);
      at.seconds = seconds_before + detail::seconds_since(start);
      at.waited = batches.waited() - waited_before;
      at.show(totals_, state);
      call(options, &Callback::step, state);
      if (checkpoint && (state.pause || checkpoint->due(false))) save();
    }
    if (state.pause) break;
    at.show(totals_, state);
    end_epoch(options, seconds_before + detail::seconds_since(start), state, history);
    at = {.epochs = at.epochs + 1, .position = at.position};
    const bool last = at.epochs == options.epochs || state.stop || state.pause;
    if (checkpoint && (last || checkpoint->due(true))) save();
  }
  exchange_seconds_ += team_.seconds() - exchanged_before;
  read_totals();  // of steps that are under way
  finalize_variable_values();
  call(options, &Callback::end, state);
}

template <class T, class Device>
void Trainer<T, Device>::end_epoch(const FitOptions& options, double seconds, FitState& state, History& history) {
  const auto start = std::chrono::steady_clock::now();
  // Put back whatever happens in between.
  const detail::SwappedAverages<T, Device> swapped(options_.swap_ema_weights, updates_, *optimizer_, *model_, slots_);
  if (options.validation) {
    const Evaluation e = evaluator_.evaluate(
        "fit, validation", *model_, *loss_, rules_, host(), *options.validation,
        {.batch = options.validation_batch ? options.validation_batch : options.batch, .metrics = options.metrics},
        team_);
    state.val_metrics = e.metrics;
    for (const auto& [name, value] : e.metrics) history.val_metrics[name].push_back(value);
    state.val_loss = e.loss;
    state.val_accuracy = e.accuracy;
    history.val_loss.push_back(e.loss);
    if (rules_.has_accuracy) history.val_accuracy.push_back(e.accuracy);
  }
  history.loss.push_back(state.loss);
  if (rules_.has_accuracy) history.accuracy.push_back(state.accuracy);
  state.seconds = seconds + detail::seconds_since(start);
  history.seconds.push_back(state.seconds);
  history.waited.push_back(state.waited);
  call(options, &Callback::epoch, state);
}

template <class T, class Device>
void Trainer<T, Device>::visit(RunState& run, const FitOptions& options, detail::FitPlace& at, History& history,
                               FitState& state) {
  detail::visit_callbacks(team_, options.callbacks, run);
  detail::visit_trainable(run, *model_);
  if (run.restoring()) prepare(planned_batch_);
  at.visit(run);
  run.value("stop", state.stop);
  detail::visit(run, totals_);
  if (run.restoring()) earlier_totals_ = totals_;
  detail::visit(run, history);
  run.value("trainer.steps", step_);
  run.value("trainer.passes", pass_);
  run.value("trainer.samples", samples_);
  run.value("learning_rate", state.learning_rate);
  state.schedules.visit(run);
  if (run.restoring()) optimizer_->set_learning_rate(state.learning_rate);
  detail::visit_parameters(run, *model_, slots_);
}

template <class T, class Device>
void Trainer<T, Device>::call(const FitOptions& options, std::function<void(FitState&)> Callback::*which,
                              FitState& state) {
  detail::call_callbacks(team_, options.callbacks, which, state);
  take_changes(state);
}

template <class T, class Device>
void Trainer<T, Device>::take_changes(const FitState& state) {
  if (state.learning_rate != optimizer_->learning_rate()) optimizer_->set_learning_rate(state.learning_rate);
  if (planned_trainable_.same(*model_)) return;
  detail::check_trainable("fit, after a callback", *model_);
  prepare(planned_batch_);
}

template <class T, class Device>
void Trainer<T, Device>::prepare(std::int64_t batch) {
  if (plan_ && planned_batch_ == batch && planned_trainable_.same(*model_)) return;
  if (plan_) read_totals();  // of steps that are under way in it
  plan_.reset();             // its memory first
  detail::make_slots(*model_, *optimizer_, updates_, slots_);
  planned_trainable_.note(*model_);
  planned_batch_ = batch;
  batch = leaves_.most(batch);
  PlanOptions plan{.batch = batch,
                   .training = true,
                   .backward = true,
                   .logits = rules_.logits,
                   .keep_gradients = !options_.stream_gradients || (updates_.whole() && !in_leaves()),
                   .seed = options_.seed};
  if constexpr (!on_cpu) plan.keep_gradients = true;  // all parameters are updated at once
  device_step_.reset(batch);
  plan_ = std::make_unique<Plan<T, Device>>(device_step_.device(), model_->graph(), plan);
  batch_.resize(batch, model_->input_shape(), model_->output_shape());
  loss_->prepare(batch);
  if constexpr (on_cpu)
    if (in_leaves()) leaf_step_.prepare(*model_, *plan_, leaves_, team_);
}

template <class T, class Device>
void Trainer<T, Device>::clear_totals() {
  totals_ = earlier_totals_ = {};
  if constexpr (!on_cpu) device_step_.clear_sums();
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
void Trainer<T, Device>::train_leaves([[maybe_unused]] std::int64_t n, [[maybe_unused]] bool with_weights,
                                      [[maybe_unused]] const Next& next, [[maybe_unused]] SampleNames names) {
  if constexpr (on_cpu) {
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
    totals_.add(leaf_step_.finish(step_parts(), step_, telling, team_, device_step_));
    ++step_;
  }
}

template <class T, class Device>
void Trainer<T, Device>::read_totals() {
  if constexpr (!on_cpu) {
    const auto sums = device_step_.sums(who_, step_);
    const double correct = rules_.has_accuracy ? sums.correct : std::numeric_limits<double>::quiet_NaN();
    totals_ = {earlier_totals_.loss + sums.loss, earlier_totals_.correct + correct,
               earlier_totals_.samples + static_cast<std::int64_t>(sums.samples)};
  }
}

}  // namespace brindle
