#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
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
#include "brindle/nn/metrics.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/sequential.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/checkpoint_store.hpp"
#include "brindle/train/finite.hpp"
#include "brindle/train/fit_checks.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/passes.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle {

/// Runs training steps on a device that works by itself; see cuda_training_step.hpp. On the Cpu the trainer does.
template <class T, class Device>
class TrainingStep {
 public:
  explicit TrainingStep(const Device&) {}  ///< nothing to prepare
};

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
  /// The optimizer's state starts at zero. Throws ValueError for a model without layers.
  template <class OptimizerValue, class LossValue>
  requires(OptimizerDescription<OptimizerValue, T, Device>&& LossDescription<LossValue, T, Device>)
      Trainer(Sequential<T, Device>& model, const OptimizerValue& optimizer, const LossValue& loss,
              const TrainerOptions& options = {})
      : model_(&model),
        on_(model.device()),
        optimizer_(optimizer.template make<T, Device>()),
        loss_(loss.template make<T, Device>()),
        options_(options),
        device_step_(on_) {
    if (model.layers().empty()) detail::raise<ValueError>("Trainer: the model has no layers");
    last_activation_ = model.layers().back()->activation();
    logits_ = loss_->takes_logits_of(last_activation_);
    make_slots();
  }

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
    OptimizerState<T> state{optimizer_->type(), step_, optimizer_->learning_rate()};
    for (std::size_t i = 0; i < slots_.size(); ++i)
      for (std::size_t p = 0; p < slots_[i].size(); ++p)
        for (std::size_t k = 0; k < slots_[i][p].size(); ++k)
          state.slots.push_back({model_->layers()[i]->name, model_->layers()[i]->parameters()[p].name,
                                 static_cast<std::int64_t>(k), slots_[i][p][k].template to<Cpu>()});
    return state;
  }

  /// Goes on from what optimizer_state() gave. Throws ValueError if it is another optimizer's, or of other parameters;
  /// nothing is changed then.
  void set_optimizer_state(const OptimizerState<T>& state) {
    const auto fail = [](const std::string& what) { detail::raise<ValueError>("set_optimizer_state: " + what); };
    if (state.type != optimizer_->type())
      fail("the state is that of " + state.type + ", the trainer has " + optimizer_->type());
    std::size_t next = 0;
    const auto each_slot = [&](auto&& use) {
      next = 0;
      for (std::size_t i = 0; i < slots_.size(); ++i)
        for (std::size_t p = 0; p < slots_[i].size(); ++p)
          for (std::size_t k = 0; k < slots_[i][p].size(); ++k, ++next) use(i, p, k);
    };
    each_slot([&](std::size_t i, std::size_t p, std::size_t k) {
      const auto& layer = *model_->layers()[i];
      const std::string name = layer.parameters()[p].name;
      if (next >= state.slots.size() || state.slots[next].layer != layer.name || state.slots[next].parameter != name ||
          state.slots[next].number != static_cast<std::int64_t>(k) ||
          !(state.slots[next].value.shape() == slots_[i][p][k].shape()))
        fail("slot " + std::to_string(k) + " of \"" + name + "\" of " + layer.who() + ", " +
             to_string(slots_[i][p][k].shape()) + ", is not in the state in its place; is the same part trainable?");
    });
    if (next != state.slots.size())
      fail("the state has " + std::to_string(state.slots.size()) + " slots, the trainable parameters have " +
           std::to_string(next));
    optimizer_->set_learning_rate(state.learning_rate);
    step_ = state.steps;
    each_slot([&](std::size_t i, std::size_t p, std::size_t k) {
      Memory<Device>::copy_from_host(slots_[i][p][k].data(), state.slots[next].value.data(), slots_[i][p][k].bytes());
    });
  }

  /// Bytes of activations, gradients and workspaces of the training step.
  std::int64_t plan_bytes() const { return plan_ ? plan_->bytes() : 0; }

  /// Trains for some epochs. Throws before the first step for settings or data that cannot work, and NumericsError
  /// with the step and the layer once the loss is no longer finite; the weights are then those before that step.
  ///
  /// With a checkpoint that is resumed it goes on where that was saved, and the history is that of all epochs.
  History fit(const data::Source& source, const FitOptions& options) {
    detail::check_fit(*model_, *loss_, source, options);
    prepare(options.batch);
    const std::int64_t n = source.size();
    const std::int64_t steps =
        options.steps_per_epoch ? options.steps_per_epoch : (n + options.batch - 1) / options.batch;
    History history;
    FitState state;
    state.epochs = options.epochs;
    state.steps = steps;
    state.history = &history;
    state.learning_rate = optimizer_->learning_rate();
    Place at;
    clear_sums();
    const auto run = [&](RunState& r) {
      detail::check_same_run(r, *model_, *optimizer_, *loss_, source, options, steps, options_.seed);
      visit(r, options, at, history, state);
    };
    CheckpointStore* checkpoint = options.checkpoint.get();
    const auto save = [&] {
      read_sums();
      checkpoint->save("epoch " + std::to_string(state.epoch) + " of " + std::to_string(options.epochs) + ", step " +
                           std::to_string(state.step) + " of " + std::to_string(steps),
                       run);
    };
    state.resumed = checkpoint && checkpoint->begin();
    call(options, &Callback::begin, state);
    if (state.resumed) checkpoint->restore(run);

    Passes passes({.samples = n,
                   .batch = options.batch,
                   .shuffle = options.shuffle,
                   .seed = options_.seed,
                   .pass = at.position > 0 ? pass_ - 1 : pass_,
                   .position = at.position,
                   .first_use = samples_});
    data::Prefetch<T> batches(batch_.read_ahead(source), host(), options.batch, {.ahead = options.prefetch});
    std::int64_t ordered = at.epochs * steps + at.step;  // batches

    // An epoch that was begun is brought to its end even if a callback has set stop.
    while (at.epochs < options.epochs && (!state.stop || at.step > 0) && !state.pause) {
      const auto start = std::chrono::steady_clock::now();
      state.epoch = at.epochs + 1;
      state.val_loss = state.val_accuracy = std::numeric_limits<double>::quiet_NaN();
      if (at.step == 0) clear_sums();
      const double seconds_before = at.seconds, waited_before = batches.waited() - at.waited;
      while (at.step < steps && !(state.stop && at.step > 0) && !state.pause) {
        for (; batches.room() > 0 && ordered / steps < options.epochs; ++ordered) batches.order(passes.next());
        const auto [x, draws] = batches.next();
        const auto count = static_cast<std::int64_t>(draws.size());
        batch_.borrow(x, source, draws);
        weigh(source, options, draws);
        if (at.position == 0) ++pass_;
        at.position = (at.position + count) % n;
        samples_ += static_cast<std::uint64_t>(count);
        ++at.step;
        at.samples += count;
        train_batch(count, weighted(options), at.step == steps);
        at.seconds = seconds_before + seconds_since(start);
        at.waited = batches.waited() - waited_before;
        show(at, state);
        call(options, &Callback::step, state);
        if (checkpoint && (state.pause || checkpoint->due(false))) save();
      }
      if (state.pause) break;
      show(at, state);
      if (options.validation) {
        const std::int64_t batch = options.validation_batch ? options.validation_batch : options.batch;
        const Evaluation e = evaluate(*options.validation, {.batch = std::min(batch, options.validation->size())});
        state.val_loss = e.loss;
        state.val_accuracy = e.accuracy;
        history.val_loss.push_back(e.loss);
        history.val_accuracy.push_back(e.accuracy);
      }
      history.loss.push_back(state.loss);
      history.accuracy.push_back(state.accuracy);
      state.seconds = seconds_before + seconds_since(start);
      history.seconds.push_back(state.seconds);
      history.waited.push_back(state.waited);
      call(options, &Callback::epoch, state);
      at = {.epochs = at.epochs + 1, .position = at.position};
      const bool last = at.epochs == options.epochs || state.stop || state.pause;
      if (checkpoint && (last || checkpoint->due(true))) save();
    }
    call(options, &Callback::end, state);
    return history;
  }

  /// One training step on one batch. x (n, input shape), labels (n, L).
  StepResult train_on_batch(In<T, Cpu> x, In<float, Cpu> labels) {
    detail::check_batch<T>("train_on_batch", *model_, *loss_, x, labels);
    if (!plan_ || plan_->options().batch < x.shape[0]) prepare(x.shape[0]);
    check_plan();
    batch_.write(x, labels);
    samples_ += static_cast<std::uint64_t>(x.shape[0]);
    clear_sums();
    train_batch(x.shape[0], false, true);
    const auto n = static_cast<double>(sums_.samples);
    return {.loss = sums_.loss / n, .accuracy = sums_.correct / n};
  }

  /// Loss and accuracy, without dropout.
  Evaluation evaluate(const data::Source& source, const EvaluateOptions& options = {}) {
    detail::check_data("evaluate", *model_, *loss_, source, options.batch);
    detail::check_weights("evaluate", options.sample_weight, source.size());
    const std::int64_t n = source.size();
    const std::int64_t batch = std::min(options.batch, n);
    if (!evaluation_plan_ || evaluation_plan_->options().batch != batch) {
      evaluation_plan_.reset();  // its memory first
      evaluation_plan_ = std::make_unique<Plan<T, Device>>(on_, model_->layers(), model_->input_shape(),
                                                           PlanOptions{.batch = batch, .logits = logits_});
    }
    evaluation_batch_.resize(batch, model_->input_shape(), model_->output_shape());
    loss_->prepare(batch);
    Evaluation e;
    double weight_sum = 0;
    std::vector<std::int64_t> rows(static_cast<std::size_t>(batch));
    for (std::int64_t begin = 0; begin < n; begin += batch) {
      const std::int64_t count = std::min(batch, n - begin);
      for (std::int64_t i = 0; i < count; ++i) rows[static_cast<std::size_t>(i)] = begin + i;
      auto& b = evaluation_batch_;
      b.read(host(), source, std::span(rows).first(static_cast<std::size_t>(count)));
      b.upload(on_, count, false);
      const TensorView<T, Device> y = evaluation_plan_->forward(b.x(count));
      (*loss_)(on_, logits_, y, b.labels(count), {}, b.each(count), {});
      const auto probabilities = b.read_probabilities(on_, y, logits_ ? last_activation_ : ActivationFunction::linear);
      const auto each = b.read_each(on_, count), labels = b.read_labels(count);
      for (std::int64_t i = 0; i < count; ++i) {
        const double w = options.sample_weight.empty()
                             ? 1.0
                             : static_cast<double>(options.sample_weight[static_cast<std::size_t>(begin + i)]);
        const double correct = correct_samples<T>(probabilities.slice(i, i + 1), labels.slice(i, i + 1));
        e.loss += w * static_cast<double>(each[i]);
        e.accuracy += correct;
        e.weighted_accuracy += w * correct;
        weight_sum += w;
      }
    }
    e.samples = n;
    e.loss /= static_cast<double>(n);
    e.accuracy /= static_cast<double>(n);
    e.weighted_accuracy = weight_sum > 0 ? e.weighted_accuracy / weight_sum : 0;
    return e;
  }

  /// Outputs for all samples of a source, in their order: (size(), output shape).
  Tensor<T, Cpu> predict(const data::Source& source, std::int64_t batch = 32) {
    detail::check_samples("predict", model_->input_shape(), source, batch);
    const std::int64_t n = source.size();
    Tensor<T, Cpu> y = Tensor<T, Cpu>::uninitialized(model_->output_shape().batch(n));
    batch = std::min(batch, n);
    Plan<T, Device> plan(on_, model_->layers(), model_->input_shape(), PlanOptions{.batch = batch});
    Batch<T, Device> b;
    b.resize(batch, model_->input_shape(), model_->output_shape());
    std::vector<std::int64_t> rows(static_cast<std::size_t>(batch));
    for (std::int64_t begin = 0; begin < n; begin += batch) {
      const std::int64_t count = std::min(batch, n - begin);
      for (std::int64_t i = 0; i < count; ++i) rows[static_cast<std::size_t>(i)] = begin + i;
      b.read(host(), source, std::span(rows).first(static_cast<std::size_t>(count)));
      b.upload(on_, count, false);
      const TensorView<T, Device> part = plan.forward(b.x(count));
      Memory<Device>::copy_to_host(y.view().slice(begin, begin + count).data, part.data,
                                   static_cast<std::size_t>(part.size()) * sizeof(T));
    }
    return y;
  }

 private:
  /// Where a fit() stands between two steps.
  struct Place {
    std::int64_t epochs = 0;    // done
    std::int64_t step = 0;      // of the running epoch, done
    std::int64_t samples = 0;   // of the running epoch
    std::int64_t position = 0;  // of the next sample in its pass over the data
    double seconds = 0;         // of the running epoch
    double waited = 0;          // of these
  };

  /// Everything that a run remembers between two steps, for a checkpoint.
  void visit(RunState& run, const FitOptions& options, Place& at, History& history, FitState& state) {
    std::size_t number = 0;
    for (const Callback& c : options.callbacks) {
      if (!c.state) continue;
      run.set_prefix("callback " + std::to_string(++number) + "/");
      c.state(run);
    }
    run.set_prefix("");
    run.value("epochs", at.epochs);
    run.value("step", at.step);
    run.value("samples", at.samples);
    run.value("position", at.position);
    run.value("seconds", at.seconds);
    run.value("waited", at.waited);
    run.value("stop", state.stop);
    run.value("sums.loss", sums_.loss);
    run.value("sums.correct", sums_.correct);
    run.value("sums.samples", sums_.samples);
    if (run.restoring()) earlier_sums_ = sums_;
    run.values("history.loss", history.loss);
    run.values("history.accuracy", history.accuracy);
    run.values("history.val_loss", history.val_loss);
    run.values("history.val_accuracy", history.val_accuracy);
    run.values("history.seconds", history.seconds);
    run.values("history.waited", history.waited);
    run.value("trainer.steps", step_);
    run.value("trainer.passes", pass_);
    run.value("trainer.samples", samples_);
    run.value("learning_rate", state.learning_rate);
    if (run.restoring()) optimizer_->set_learning_rate(state.learning_rate);
    for (std::size_t i = 0; i < slots_.size(); ++i)
      for (std::size_t p = 0; p < slots_[i].size(); ++p) {
        auto& parameter = model_->layers()[i]->parameters()[p];
        const std::string name = model_->layers()[i]->name + "/" + parameter.name;
        run.tensor(name, parameter.value);
        for (std::size_t k = 0; k < slots_[i][p].size(); ++k)
          run.tensor(name + "/slot " + std::to_string(k), slots_[i][p][k]);
      }
  }

  /// Tells callbacks where fit() stands.
  void show(const Place& at, FitState& state) const {
    state.step = at.step;
    state.samples = at.samples;
    if (sums_.samples > 0) {
      state.loss = sums_.loss / static_cast<double>(sums_.samples);
      state.accuracy = sums_.correct / static_cast<double>(sums_.samples);
    }
    state.seconds = at.seconds;
    state.waited = at.waited;
  }

  static double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
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
    if (state.learning_rate != optimizer_->learning_rate()) optimizer_->set_learning_rate(state.learning_rate);
  }

  static bool weighted(const FitOptions& o) { return !o.class_weight.empty() || !o.sample_weight.empty(); }

  void weigh(const data::Source& source, const FitOptions& o, std::span<const data::Draw> draws) {
    if (!weighted(o)) return;
    const TensorView<const float> labels = source.labels();
    const TensorView<T> weight = batch_.weight(static_cast<std::int64_t>(draws.size()));
    for (std::size_t i = 0; i < draws.size(); ++i) {
      const std::int64_t row = draws[i].row;
      double w = o.sample_weight.empty() ? 1.0 : static_cast<double>(o.sample_weight[static_cast<std::size_t>(row)]);
      const auto found =
          o.class_weight.find(static_cast<std::int64_t>(labels.data[row * labels.shape.sample().size()]));
      if (found != o.class_weight.end()) w *= found->second;
      weight.data[i] = static_cast<T>(w);
    }
  }

  void make_slots() {
    slots_.resize(model_->layers().size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const auto& layer = *model_->layers()[i];
      slots_[i].resize(layer.parameters().size());
      if (!layer.trainable) continue;
      for (std::size_t p = 0; p < slots_[i].size(); ++p)
        while (slots_[i][p].size() < static_cast<std::size_t>(optimizer_->slots()))
          slots_[i][p].emplace_back(layer.parameters()[p].value.shape());
    }
  }

  std::vector<bool> trainable() const {
    std::vector<bool> flags;
    for (const auto& layer : model_->layers()) flags.push_back(layer->trainable);
    return flags;
  }

  // The plan of the training step, made anew when the batch or what is frozen has changed.
  void prepare(std::int64_t batch) {
    if (plan_ && plan_->options().batch == batch && planned_trainable_ == trainable()) return;
    plan_.reset();  // its memory first
    make_slots();
    planned_trainable_ = trainable();
    PlanOptions plan{.batch = batch,
                     .training = true,
                     .backward = true,
                     .logits = logits_,
                     .keep_gradients = !options_.stream_gradients,
                     .seed = options_.seed};
    if constexpr (on_cpu) {
      plan_ = std::make_unique<Plan<T, Device>>(on_, model_->layers(), model_->input_shape(), plan);
    } else {
      plan.keep_gradients = true;  // all parameters are updated at once
      device_step_.reset(batch);
      plan_ = std::make_unique<Plan<T, Device>>(device_step_.device(), model_->layers(), model_->input_shape(), plan);
    }
    batch_.resize(batch, model_->input_shape(), model_->output_shape());
    loss_->prepare(batch);
  }
  void check_plan() {
    if (planned_trainable_ != trainable()) prepare(plan_->options().batch);
  }

  /// Sums over the training samples since clear_sums(); on other devices than the Cpu, as far as they have been read.
  struct Sums {
    double loss = 0;
    double correct = 0;
    std::int64_t samples = 0;
  };
  void clear_sums() {
    sums_ = earlier_sums_ = {};
    if constexpr (!on_cpu) device_step_.clear_sums();
  }

  // One step. read: the sums are wanted now, else when that costs nothing.
  void train_batch(std::int64_t n, bool with_weights, [[maybe_unused]] bool read) {
    if constexpr (on_cpu) {
      train_batch_on_cpu(n, with_weights);
    } else {
      device_step_.run({*model_, *plan_, *loss_, *optimizer_, batch_, slots_, logits_, last_activation_}, n,
                       with_weights, step_);
      ++step_;
      if (read || device_step_.due()) read_sums();
    }
  }

  /// Waits for the steps that other devices than the Cpu have under way.
  void read_sums() {
    if constexpr (!on_cpu) {
      const auto sums = device_step_.sums(step_);
      sums_ = {earlier_sums_.loss + sums.loss, earlier_sums_.correct + sums.correct,
               earlier_sums_.samples + static_cast<std::int64_t>(sums.samples)};
    }
  }

  void train_batch_on_cpu(std::int64_t n, bool with_weights) {
    const TensorView<const T, Device> x = batch_.x(n);
    const TensorView<T, Device> y = plan_->forward(x, static_cast<std::uint32_t>(step_));
    const TensorView<const T, Device> weight = with_weights ? batch_.weight(n) : TensorView<const T, Device>{};
    (*loss_)(on_, logits_, y, batch_.labels(n), weight, batch_.each(n), plan_->output_gradient());
    double loss = 0;
    const auto each = batch_.each(n);
    for (std::int64_t i = 0; i < n; ++i)
      loss += static_cast<double>(each[i]) * (with_weights ? static_cast<double>(weight.data[i]) : 1.0);
    loss /= static_cast<double>(n);
    if (!std::isfinite(loss)) raise_not_finite<T, Device>(on_, *model_, x, loss, step_, options_.seed);
    const auto probabilities =
        batch_.read_probabilities(on_, y, logits_ ? last_activation_ : ActivationFunction::linear);
    sums_.loss += loss * static_cast<double>(n);
    sums_.correct += correct_samples<T>(probabilities, batch_.labels(n));
    sums_.samples += n;

    ++step_;
    const auto update = [&](std::size_t layer, std::span<const TensorView<T, Device>> gradients) {
      for (std::size_t p = 0; p < gradients.size(); ++p)
        if (!gradients[p].empty())
          optimizer_->update(on_, step_, model_->layers()[layer]->parameters()[p].value.view(), gradients[p],
                             slot_views(layer, p, 0, gradients[p].shape).all());
    };
    const auto update_part = [&](std::size_t layer, std::size_t p, std::int64_t first,
                                 TensorView<const T, Device> block) {
      T* w = model_->layers()[layer]->parameters()[p].value.data() + first;
      optimizer_->update(on_, step_, {w, block.shape}, block, slot_views(layer, p, first, block.shape).all());
    };
    const typename Plan<T, Device>::OnStream stream(update_part);
    const auto state = [&](std::size_t layer, std::size_t p) -> TensorView<const T, Device> {
      if (optimizer_->slots() == 0) return {};
      return slots_[layer][p][0].view();
    };
    const typename Plan<T, Device>::StreamState stream_state(state);
    plan_->backward(update, &stream, &stream_state);
  }

  static constexpr std::size_t max_slots = 4;
  struct SlotViews {
    std::array<TensorView<T, Device>, max_slots> view;
    std::size_t count = 0;
    std::span<const TensorView<T, Device>> all() const { return {view.data(), count}; }
  };
  SlotViews slot_views(std::size_t layer, std::size_t p, std::int64_t first, const Shape& shape) {
    SlotViews v;
    for (Tensor<T, Device>& slot : slots_[layer][p]) v.view[v.count++] = {slot.data() + first, shape};
    return v;
  }

  static constexpr bool on_cpu = std::is_same_v<Device, Cpu>;

  Sequential<T, Device>* model_;
  Device on_;
  Cpu host_;
  std::unique_ptr<Optimizer<T, Device>> optimizer_;
  std::unique_ptr<Loss<T, Device>> loss_;
  TrainerOptions options_;
  ActivationFunction last_activation_ = ActivationFunction::linear;
  bool logits_ = false;

  std::vector<std::vector<std::vector<Tensor<T, Device>>>> slots_;  // by layer, parameter, slot
  std::unique_ptr<Plan<T, Device>> plan_, evaluation_plan_;
  std::vector<bool> planned_trainable_;
  Batch<T, Device> batch_, evaluation_batch_;
  TrainingStep<T, Device> device_step_;
  Sums sums_;
  Sums earlier_sums_;  // of the epoch, from before it was resumed

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
