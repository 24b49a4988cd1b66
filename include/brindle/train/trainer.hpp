#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/prefetch.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/sequential.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/evaluator.hpp"
#include "brindle/train/fit_checks.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/fit_place.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/passes.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/same_data.hpp"
#include "brindle/train/sample_weights.hpp"
#include "brindle/train/training_step.hpp"

namespace brindle {

/// Trains a model: Keras's compile(), fit(), evaluate() and predict().
///
///     Trainer trainer{model, RMSprop{.learning_rate = 1e-3}, BinaryCrossentropy{}};
///     const History history = trainer.fit(photos, {.batch = 30, .epochs = 30, .validation = holdout});
///
/// Holds the optimizer's state, so a second fit() goes on where the first one ended; a new Trainer starts anew, as
/// compiling again does in Keras. The model must outlive the trainer. Meaning: keras/src/trainers (Keras 3).
template <class T, class Device>
class Trainer {
 public:
  /// The optimizer's state starts at zero. Throws ValueError for a model without layers, or whose last activation is
  /// not the one that the loss expects; of a last layer of one's own its outputs are looked at, before the first
  /// update.
  template <class OptimizerValue, class LossValue>
  Trainer(Sequential<T, Device>& model, const OptimizerValue& optimizer, const LossValue& loss,
          const TrainerOptions& options = {})
      : model_(&model),
        on_(model.device()),
        optimizer_(detail::make_optimizer<T, Device>(optimizer)),
        loss_(detail::make_loss<T, Device>(loss)),
        options_(options),
        device_step_(on_) {
    if (model.layers().empty()) detail::raise<ValueError>("Trainer: the model has no layers");
    rules_ = detail::output_rules("Trainer", model, *loss_, options.accuracy);
    outputs_seen_ = rules_.last.known;
    detail::make_slots(model, *optimizer_, slots_);
  }

  /// The model that is trained.
  Sequential<T, Device>& model() const { return *model_; }
  /// Whether the model's outputs are logits, as the loss was told: what predict() gives then needs a sigmoid or softmax
  /// to be probabilities, and functions of outputs are told by OutputOptions.
  bool from_logits() const { return rules_.from_logits; }
  /// Whether the sigmoid is it, of each output by itself, also where there are several: the loss says so.
  bool each_output() const { return loss_->each_output(); }

  /// Made of the description; its learning rate may be set between two fits.
  /// @{
  const Optimizer<T, Device>& optimizer() const { return *optimizer_; }
  Optimizer<T, Device>& optimizer() { return *optimizer_; }
  /// @}
  /// Training steps so far.
  std::int64_t steps() const { return step_; }
  /// Optimizer state of parameter `which` of layer `layer`: one tensor a slot.
  const std::vector<Tensor<T, Device>>& slots(std::size_t layer, std::size_t which) const {
    return slots_[layer][which];
  }
  /// What the optimizer remembers, for io::save_model.
  OptimizerState<T> optimizer_state() const {
    OptimizerState<T> state{optimizer_->type(), step_, optimizer_->learning_rate(), pass_, samples_, {}};
    detail::read_slots(*model_, slots_, state);
    return state;
  }

  /// Goes on from what optimizer_state() gave. Throws ValueError if it is another optimizer's, or of other parameters;
  /// nothing is changed then.
  void set_optimizer_state(const OptimizerState<T>& state) {
    if (state.type != optimizer_->type())
      detail::raise<ValueError>("set_optimizer_state: the state is that of " + state.type + ", the trainer has " +
                                optimizer_->type());
    detail::write_slots(*model_, slots_, state);
    optimizer_->set_learning_rate(state.learning_rate);
    step_ = state.steps;
    pass_ = state.passes;
    samples_ = state.samples;
  }

  /// Bytes of activations, gradients and workspaces of the training step.
  std::int64_t plan_bytes() const { return plan_ ? plan_->bytes() : 0; }

  /// Trains for some epochs. Throws before the first step for settings or data that cannot work, and NumericsError
  /// with the step and the layer once the loss is no longer finite; the weights are then those before that step, unless
  /// a callback puts others back as keep_best() does.
  ///
  /// A batch that is larger than the data is made as large as the data. accuracy is Keras's (correct_samples()); of
  /// logits that the loss was told of, those above 0 count as 1.
  ///
  /// With a checkpoint that is resumed it goes on where that was saved, and the history is that of all epochs.
  History fit(const data::Source& source, const FitOptions& options) {
    detail::check_fit(*model_, *loss_, rules_, source, options);
    trained_on_ = detail::DataMeaning(source);
    History history;
    FitState state;
    std::size_t begun = 0;  // callbacks
    try {
      run_fit(source, options, state, history, begun);
    } catch (...) {
      for (std::size_t i = 0; i < begun; ++i) detail::tell_failed(options.callbacks[i], state);
      throw;
    }
    return history;
  }

  /// One training step on one batch. x (n, input shape), labels (n, L).
  StepResult train_on_batch(In<T, Cpu> x, In<float, Cpu> labels) {
    detail::check_batch<T>("train_on_batch", *model_, *loss_, rules_, x, labels);
    who_ = "train_on_batch";
    prepare(plan_ ? std::max(plan_->options().batch, x.shape[0]) : x.shape[0]);
    batch_.write(x, labels);
    samples_ += static_cast<std::uint64_t>(x.shape[0]);
    clear_totals();
    train_batch(x.shape[0], false, true, detail::sample_number);
    const auto n = static_cast<double>(totals_.samples);
    return {.loss = totals_.loss / n, .accuracy = totals_.correct / n};
  }

  /// Throws DataError, beginning with `who`, unless the classes of the data, and how its pictures become input, are
  /// those of the data of the last fit(). evaluate() and predict() ask it, and io::save_model().
  void check_same_data(const std::string& who, const data::Source& source) const { trained_on_.check(who, source); }

  /// Loss and accuracy, without dropout. Throws NumericsError, naming the sample, for a loss that is not finite,
  /// DataError for data of other classes than the training data's, or whose pictures become input in another way.
  Evaluation evaluate(const data::Source& source, const EvaluateOptions& options = {}) {
    check_same_data("evaluate", source);
    return evaluator_.evaluate("evaluate", *model_, *loss_, rules_, host(), source, options);
  }

  /// Outputs for all samples of a source, in their order: (size(), output shape). They are what the model gives: of a
  /// model without sigmoid or softmax they are logits, also where the loss was told so (from_logits()). Throws
  /// NumericsError, naming the sample, for an output that is not finite, DataError as evaluate().
  Tensor<T, Cpu> predict(const data::Source& source, std::int64_t batch = 32) {
    check_same_data("predict", source);
    return detail::Evaluator<T, Device>::predict("predict", *model_, host(), source, batch);
  }

 private:
  /// fit() after its checks. begun: callbacks whose begin() is done.
  void run_fit(const data::Source& source, const FitOptions& options, FitState& state, History& history,
               std::size_t& begun) {
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
    detail::FitPlace at;
    clear_totals();
    CheckpointStore* checkpoint = options.checkpoint.get();
    detail::RunIdentity identity;
    if (checkpoint)
      identity =
          detail::run_identity(host(), *model_, *optimizer_, *loss_, source, options, batch, steps, options_.seed);
    const auto run = [&](RunState& r) {
      for (const auto& [name, text] : identity) r.same(name, text);
      visit(r, options, at, history, state);
    };
    const auto save = [&] {
      read_totals();
      checkpoint->save("epoch " + std::to_string(state.epoch) + " of " + std::to_string(options.epochs) + ", step " +
                           std::to_string(state.step) + " of " + std::to_string(steps),
                       run);
    };
    state.resumed = checkpoint && checkpoint->begin();
    for (const Callback& c : options.callbacks) {
      if (c.begin) c.begin(state);
      ++begun;
    }
    take_changes(state);
    if (state.resumed) checkpoint->restore(run);

    detail::Passes passes({.samples = n,
                           .batch = batch,
                           .shuffle = options.shuffle,
                           .seed = options_.seed,
                           .pass = at.position > 0 ? pass_ - 1 : pass_,
                           .position = at.position,
                           .first_use = samples_});
    data::Prefetch<T> batches(batch_.read_ahead(source), host(), batch, {.ahead = options.prefetch});
    std::int64_t ordered = at.epochs * steps + at.step;  // batches

    // An epoch that was begun is brought to its end even if a callback has set stop.
    while (at.epochs < options.epochs && (!state.stop || at.step > 0) && !state.pause) {
      const auto start = std::chrono::steady_clock::now();
      state.epoch = at.epochs + 1;
      state.val_loss = state.val_accuracy = std::numeric_limits<double>::quiet_NaN();
      if (at.step == 0) clear_totals();
      const double seconds_before = at.seconds, waited_before = batches.waited() - at.waited;
      while (at.step < steps && !(state.stop && at.step > 0) && !state.pause) {
        for (; batches.room() > 0 && ordered / steps < options.epochs; ++ordered) batches.order(passes.next());
        const auto [x, draws] = batches.next();
        const auto count = static_cast<std::int64_t>(draws.size());
        batch_.borrow(x, source, draws);
        if (detail::weighted(options)) detail::weigh<T>(source, options, draws, batch_.weight(count));
        const std::span<const data::Draw> drawn = draws;
        const auto names = [&](std::int64_t i) { return source.describe(drawn[static_cast<std::size_t>(i)].row); };
        if (at.position == 0) ++pass_;
        at.position = (at.position + count) % n;
        samples_ += static_cast<std::uint64_t>(count);
        ++at.step;
        at.samples += count;
        train_batch(count, detail::weighted(options), at.step == steps, names);
        at.seconds = seconds_before + detail::seconds_since(start);
        at.waited = batches.waited() - waited_before;
        at.show(totals_, state);
        call(options, &Callback::step, state);
        if (checkpoint && (state.pause || checkpoint->due(false))) save();
      }
      if (state.pause) break;
      at.show(totals_, state);
      if (options.validation) {
        const Evaluation e =
            evaluator_.evaluate("fit, validation", *model_, *loss_, rules_, host(), *options.validation,
                                {.batch = options.validation_batch ? options.validation_batch : options.batch});
        state.val_loss = e.loss;
        state.val_accuracy = e.accuracy;
        history.val_loss.push_back(e.loss);
        history.val_accuracy.push_back(e.accuracy);
      }
      history.loss.push_back(state.loss);
      history.accuracy.push_back(state.accuracy);
      state.seconds = seconds_before + detail::seconds_since(start);
      history.seconds.push_back(state.seconds);
      history.waited.push_back(state.waited);
      call(options, &Callback::epoch, state);
      at = {.epochs = at.epochs + 1, .position = at.position};
      const bool last = at.epochs == options.epochs || state.stop || state.pause;
      if (checkpoint && (last || checkpoint->due(true))) save();
    }
    call(options, &Callback::end, state);
  }

  /// Everything that a run remembers between two steps, for a checkpoint.
  void visit(RunState& run, const FitOptions& options, detail::FitPlace& at, History& history, FitState& state) {
    std::size_t number = 0;
    for (const Callback& c : options.callbacks) {
      if (!c.state) continue;
      run.set_prefix("callback " + std::to_string(++number) + "/");
      c.state(run);
    }
    run.set_prefix("");
    detail::visit_trainable(run, *model_);
    if (run.restoring()) prepare(plan_->options().batch);
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

  /// The processor that reads the data.
  const Cpu& host() {
    if constexpr (on_cpu)
      return on_;
    else
      return host_;
  }

  void call(const FitOptions& options, std::function<void(FitState&)> Callback::*which, FitState& state) {
    for (const Callback& c : options.callbacks)
      if (c.*which) (c.*which)(state);
    take_changes(state);
  }
  // What callbacks have set holds from the next step on: the learning rate, and which layers are frozen.
  void take_changes(const FitState& state) {
    if (state.learning_rate != optimizer_->learning_rate()) optimizer_->set_learning_rate(state.learning_rate);
    if (planned_trainable_.same(*model_)) return;
    detail::check_trainable("fit, after a callback", *model_);
    prepare(plan_->options().batch);
  }

  // The plan of the training step, made anew when the batch or what is frozen has changed.
  void prepare(std::int64_t batch) {
    if (plan_ && plan_->options().batch == batch && planned_trainable_.same(*model_)) return;
    if (plan_) read_totals();  // of steps that are under way in it
    plan_.reset();             // its memory first
    detail::make_slots(*model_, *optimizer_, slots_);
    planned_trainable_.note(*model_);
    PlanOptions plan{.batch = batch,
                     .training = true,
                     .backward = true,
                     .logits = rules_.logits,
                     .keep_gradients = !options_.stream_gradients,
                     .seed = options_.seed};
    if constexpr (!on_cpu) plan.keep_gradients = true;  // all parameters are updated at once
    device_step_.reset(batch);
    plan_ = std::make_unique<Plan<T, Device>>(device_step_.device(), model_->layers(), model_->input_shape(), plan);
    batch_.resize(batch, model_->input_shape(), model_->output_shape());
    loss_->prepare(batch);
  }

  void clear_totals() {
    totals_ = earlier_totals_ = {};
    if constexpr (!on_cpu) device_step_.clear_sums();
  }

  // One step. read: the totals are wanted now, else when that costs nothing. names: of the batch's samples.
  void train_batch(std::int64_t n, bool with_weights, [[maybe_unused]] bool read, SampleNames names) {
    const detail::StepParts<T, Device> parts{*model_, *plan_, *loss_, *optimizer_, batch_, slots_, rules_};
    const detail::StepNames telling{who_, options_.seed, names};
    if constexpr (on_cpu) {
      const detail::StepTotals more = device_step_.run(parts, n, with_weights, step_, telling, outputs_seen_);
      totals_.loss += more.loss;
      totals_.correct += more.correct;
      totals_.samples += more.samples;
      ++step_;
    } else {
      device_step_.run(parts, n, with_weights, step_, telling, outputs_seen_);
      ++step_;
      if (read || device_step_.due()) read_totals();
    }
  }

  /// Waits for the steps that other devices than the Cpu have under way.
  void read_totals() {
    if constexpr (!on_cpu) {
      const auto sums = device_step_.sums(who_, step_);
      totals_ = {earlier_totals_.loss + sums.loss, earlier_totals_.correct + sums.correct,
                 earlier_totals_.samples + static_cast<std::int64_t>(sums.samples)};
    }
  }

  static constexpr bool on_cpu = std::is_same_v<Device, Cpu>;

  Sequential<T, Device>* model_;
  Device on_;
  Cpu host_;
  std::unique_ptr<Optimizer<T, Device>> optimizer_;
  std::unique_ptr<Loss<T, Device>> loss_;
  TrainerOptions options_;
  detail::OutputRules rules_;
  detail::DataMeaning trained_on_;  // by the last fit()
  const char* who_ = "fit";         // begins messages
  bool outputs_seen_ = false;       // or no need to look at them

  detail::OptimizerSlots<T, Device> slots_;
  std::unique_ptr<Plan<T, Device>> plan_;
  detail::TrainableFlags planned_trainable_;
  detail::Evaluator<T, Device> evaluator_;
  detail::Batch<T, Device> batch_;
  detail::TrainingStep<T, Device> device_step_;
  detail::StepTotals totals_;          // of the epoch; on other devices than the Cpu, as far as they have been read
  detail::StepTotals earlier_totals_;  // from before it was resumed

  std::int64_t step_ = 0;      // training steps
  std::uint32_t pass_ = 0;     // passes over the data
  std::uint64_t samples_ = 0;  // samples used
};

/// A Trainer is of its model's type and device.
/// @{
template <class T, class Device, class OptimizerValue, class LossValue>
Trainer(Sequential<T, Device>&, const OptimizerValue&, const LossValue&) -> Trainer<T, Device>;
template <class T, class Device, class OptimizerValue, class LossValue>
Trainer(Sequential<T, Device>&, const OptimizerValue&, const LossValue&, const TrainerOptions&) -> Trainer<T, Device>;
/// @}

}  // namespace brindle
