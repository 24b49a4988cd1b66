// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what trainer.hpp declares: fit() and what it calls in its epochs.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/evaluator.hpp"
#include "brindle/train/finite.hpp"
#include "brindle/train/fit_callbacks.hpp"
#include "brindle/train/fit_checks.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/fit_place.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/leaf_batches.hpp"
#include "brindle/train/leaf_step.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/same_data.hpp"
#include "brindle/train/same_run.hpp"
#include "brindle/train/sample_weights.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_checkpoint.hpp"
#include "brindle/train/trainer.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle {

template <class T, class Device>
History Trainer<T, Device>::fit(const data::Source& source, const FitOptions& options) {
  team_.meet("fit()", [&] {
    detail::check_fit(*model_, *loss_, rules_, source, options);
    detail::check_leaves("fit", leaves_.count, std::min(options.batch, source.size()));
    trained_on_ = detail::DataMeaning(source);
  });
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
void Trainer<T, Device>::run_fit(const data::Source& source, const FitOptions& options, FitState& state,
                                 History& history, std::size_t& begun) {
  const std::int64_t n = source.size();
  const std::int64_t batch = std::min(options.batch, n);
  const std::int64_t steps = options.steps_per_epoch ? options.steps_per_epoch : (n + batch - 1) / batch;
  who_ = "fit";
  outputs_seen_ = rules_.last.known;
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
  detail::RunIdentity identity, all;
  if (options.checkpoint || !team_.alone())
    team_.together([&] {
      identity = all =
          detail::run_identity(host(), *model_, *optimizer_, *loss_, source, options, batch, steps, updates_);
      detail::add_process_options(all, options);
    });
  compare_processes(std::move(all));
  if constexpr (on_cpu)
    may_share_weights_ =
        team_.on_one_machine() && !team_.any(!detail::SharedWeights<T>::may_share(*model_, *loss_, options.callbacks));
  prepare(batch);
  clear_totals();
  std::optional<detail::TeamCheckpoint> shared;
  if (options.checkpoint && !team_.alone()) shared.emplace(*options.checkpoint, team_);
  CheckpointStore* checkpoint = shared ? &*shared : options.checkpoint.get();
  const auto run = [&](RunState& r) {
    for (const auto& [name, text] : identity) r.same(name, text);
    if constexpr (on_cpu)
      r.computed_by("instruction set", ops::cpu_isa(on_));
    else
      r.computed_by("GPU", on_.gpu_name());
    visit(r, options, at, history, state);
  };
  const auto save = [&] {
    read_totals();
    slots_.while_first_has_all(leaf_step_.sums(), team_, [&] {
      checkpoint->save("epoch " + std::to_string(state.epoch) + " of " + std::to_string(options.epochs) + ", step " +
                           std::to_string(state.step) + " of " + std::to_string(steps),
                       run);
    });
  };
  state.resumed = checkpoint && checkpoint->begin();
  detail::FitCallbacks callbacks(team_, options.callbacks,
                                 {.now = [&] { return optimizer_->learning_rate(); },
                                  .set = [&](double rate) { optimizer_->set_learning_rate(rate); }});
  callbacks.begin(state, begun);
  take_changes();
  if (state.resumed) restore(*checkpoint, run);

  std::optional<detail::LeafBatches<T>> batches;
  team_.together([&] {  // takes memory, and begins threads
    finite_ = detail::finite_parameters(*model_);
    batches.emplace(batch_.read_ahead(source), host(),
                    typename detail::LeafBatches<T>::Options{
                        .passes = {.samples = n,
                                   .batch = batch,
                                   .shuffle = options.shuffle,
                                   .seed = options_.seed,
                                   .pass = at.position > 0 ? pass_ - 1 : pass_,
                                   .position = at.position,
                                   .first_use = samples_},
                        .leaves = leaves_,
                        .ahead = options.prefetch,
                        .steps = std::max<std::int64_t>((options.epochs - at.epochs) * steps - at.step, 0)});
  });
  std::span<const data::Draw> drawn;
  const auto next = [&] {
    const auto [x, draws] = batches->next();
    batch_.borrow(x, source, draws);
    const auto count = static_cast<std::int64_t>(draws.size());
    if (detail::weighted(options)) detail::weigh<T>(options, draws, batch_.read_labels(count), batch_.weight(count));
    drawn = draws;
  };
  const auto names = [&](std::int64_t i) { return source.describe(drawn[static_cast<std::size_t>(i)].row); };

  const struct Separates {  // what is left behind, also by an exception
    Trainer& trainer;
    ~Separates() { trainer.separate_weights(); }
  } separates{*this};
  const double exchanged_before = team_.seconds();
  // An epoch that was begun is brought to its end even if a callback has set stop.
  while (at.epochs < options.epochs && (!state.stop || at.step > 0) && !state.pause) {
    const auto start = std::chrono::steady_clock::now();
    state.epoch = at.epochs + 1;
    state.val_loss = state.val_accuracy = std::numeric_limits<double>::quiet_NaN();
    if (at.step == 0) clear_totals();
    const double seconds_before = at.seconds, waited_before = batches->waited() - at.waited;
    share_weights(state.epoch);
    while (at.step < steps && !(state.stop && at.step > 0) && !state.pause) {
      const std::int64_t count = std::min(batch, n - at.position);
      if (!in_leaves()) next();
      if (at.position == 0) ++pass_;
      at.position = (at.position + count) % n;
      samples_ += static_cast<std::uint64_t>(count);
      ++at.step;
      at.samples += count;
      if (in_leaves())
        train_leaves(count, detail::weighted(options), at.step == steps, next, names);
      else
        train_batch(count, detail::weighted(options), at.step == steps, names);
      at.seconds = seconds_before + detail::seconds_since(start);
      at.waited = batches->waited() - waited_before;
      at.show(totals_, state);
      call(callbacks, &Callback::step, state);
      if (checkpoint && (state.pause || checkpoint->due(false))) save();
    }
    separate_weights();
    if (state.pause) break;
    at.show(totals_, state);
    end_epoch(options, callbacks, seconds_before + detail::seconds_since(start), state, history);
    if (!team_.alone()) {
      std::string weights;
      team_.together([&] { weights = detail::weights_checksum(*model_); });  // takes memory
      detail::expect_same_weights(team_, "behind epoch " + std::to_string(state.epoch), weights);
    }
    at = {.epochs = at.epochs + 1, .position = at.position};
    const bool last = at.epochs == options.epochs || state.stop || state.pause;
    if (checkpoint && (last || checkpoint->due(true))) save();
  }
  exchange_seconds_ += team_.seconds() - exchanged_before;
  read_totals();  // of steps that are under way
  finalize_variable_values();
  call(callbacks, &Callback::end, state);
}

template <class T, class Device>
void Trainer<T, Device>::end_epoch(const FitOptions& options, detail::FitCallbacks& callbacks, double seconds,
                                   FitState& state, History& history) {
  const auto start = std::chrono::steady_clock::now();
  // Put back whatever happens in between.
  const auto swap = [&] {
    if (options_.swap_ema_weights) slots_.swap_averages(updates_, *optimizer_, *model_, leaf_step_.sums(), team_);
  };
  detail::Attempts attempt(team_);
  swap();
  attempt([&] {
    team_.together([&] { detail::expect_finite_weights("fit", *model_, finite_, state.epoch); });
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
    call(callbacks, &Callback::epoch, state);
  });
  swap();
  attempt.throw_together();
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
  detail::visit_parameters(run, *model_, slots_.here());
}

template <class T, class Device>
void Trainer<T, Device>::call(detail::FitCallbacks& callbacks, std::function<void(FitState&)> Callback::*which,
                              FitState& state) {
  callbacks.call(which, state);
  take_changes();
}

template <class T, class Device>
void Trainer<T, Device>::take_changes() {
  if (!trainable_changed()) return;
  team_.together([&] { detail::check_trainable("fit, after a callback", *model_); });
  prepare(planned_batch_);
}

template <class T, class Device>
void Trainer<T, Device>::restore(CheckpointStore& checkpoint, CheckpointStore::Visit run) {
  restoring_ = true;
  detail::Attempts attempt(team_);
  attempt([&] { with_whole_slots([&] { checkpoint.restore(run); }); });
  restoring_ = false;
  attempt.throw_together();
}

}  // namespace brindle
