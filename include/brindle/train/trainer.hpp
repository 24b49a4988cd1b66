// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/prefetch.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/evaluator.hpp"
#include "brindle/train/fit_callbacks.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/fit_place.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/leaf_step.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/same_data.hpp"
#include "brindle/train/sharded_slots.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_update.hpp"

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
  /// not the one that the loss expects, and for settings of optimizer, loss or options out of range. Of a last layer of
  /// one's own the outputs are looked at instead, before the first update (DataError).
  template <class OptimizerValue, class LossValue>
  Trainer(Model<T, Device>& model, const OptimizerValue& optimizer, const LossValue& loss,
          const TrainerOptions& options = {})
      : model_(&model),
        on_(model.device()),
        optimizer_(detail::make_optimizer<T, Device>(optimizer)),
        loss_(detail::make_loss<T, Device>(loss)),
        options_(options),
        updates_(options),
        team_(options.group),
        leaves_(detail::leaves_of("Trainer", options.leaves, team_)),
        device_step_(on_),
        leaf_step_(on_, leaves_) {
    detail::expect_definitions<T, Device>();
    if (model.layers().empty()) detail::raise<ValueError>("Trainer: the model has no layers");
    rules_ = detail::output_rules("Trainer", model, *loss_, options.accuracy);
    outputs_seen_ = rules_.last.known;
    detail::prepare_slots(model, *optimizer_, slots_.here());
  }

  /// The model that is trained.
  Model<T, Device>& model() const { return *model_; }
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
  /// Made of the description.
  const Loss<T, Device>& loss() const { return *loss_; }
  /// As they were given.
  const TrainerOptions& options() const { return options_; }
  /// Training steps so far.
  std::int64_t steps() const { return step_; }
  /// Optimizer state of parameter `which` of layer `layer`: one tensor a slot, then the sum of gradients with
  /// gradient_accumulation_steps, then the average of the weight with use_ema. None before the
  /// first step. With several processes, what this one keeps of it: the elements that it steps.
  const std::vector<Tensor<T, Device>>& slots(std::size_t layer, std::size_t which) const;
  /// What the optimizer remembers, for io::save_model: with several processes, of all of them, which call it together.
  OptimizerState<T> optimizer_state() const;

  /// Goes on from what optimizer_state() gave. Throws ValueError if it is another optimizer's, or of other parameters;
  /// nothing is changed then.
  void set_optimizer_state(const OptimizerState<T>& state);

  /// With use_ema: the weights become their averages, as fit() does at its end. For loops of train_on_batch().
  void finalize_variable_values();

  /// Bytes of activations, gradients and workspaces of the training step.
  std::int64_t plan_bytes() const { return plan_ ? plan_->bytes() + (in_leaves() ? leaf_step_.bytes() : 0) : 0; }

  /// Seconds that exchanges with other processes have taken in the epochs so far: waiting for them, and for what they
  /// send. With a CudaProcessGroup nobody waits for gradients and weights, and they are not in it.
  double exchange_seconds() const { return exchange_seconds_; }

  /// Trains for some epochs. Before the first step it throws ValueError for options that cannot work and for a model
  /// whose every layer is frozen, ShapeError for samples or labels of other sizes than the model's, DataError for no
  /// samples, for labels that the loss does not take or that are all the same, and for validation data of other classes
  /// or made into input in another way. NumericsError comes with the step and the layer once the loss is no longer
  /// finite; the weights are then those before that step, unless a callback puts others back as keep_best() does; and
  /// with the layer for a weight that is not finite when an epoch ends, of parameters that were when fit() began. What
  /// the source, a checkpoint or a callback throws passes through.
  ///
  /// A batch that is larger than the data is made as large as the data. accuracy is Keras's (correct_samples()); of
  /// logits that the loss was told of, those above 0 count as 1.
  ///
  /// With a checkpoint that is resumed it goes on where that was saved, and the history is that of all epochs.
  History fit(const data::Source& source, const FitOptions& options);

  /// One training step on one batch. x (n, input shape), labels (n, L). Of several processes each is given the whole
  /// batch, and computes its leaves; before the first step they compare what they train. Throws ShapeError for sizes
  /// that do not fit, DataError for labels that the loss does not take, and NumericsError as fit() for a loss that is
  /// not finite.
  StepResult train_on_batch(In<T, Cpu> x, In<float, Cpu> labels);

  /// Throws DataError, beginning with `who`, unless the classes of the data, and how its pictures become input, are
  /// those of the data of the last fit(). evaluate() and predict() ask it, and io::save_model().
  void check_same_data(const std::string& who, const data::Source& source) const { trained_on_.check(who, source); }

  /// Loss and accuracy, without dropout. Throws NumericsError, naming the sample, for a loss that is not finite,
  /// DataError for data of other classes than the training data's, or whose pictures become input in another way; and
  /// for other data or options that cannot work as fit(), but that labels may be all the same.
  Evaluation evaluate(const data::Source& source, const EvaluateOptions& options = {});

  /// Outputs for all samples of a source, in their order: (size(), output shape). They are what the model gives: of a
  /// model without sigmoid or softmax they are logits, also where the loss was told so (from_logits()). Throws
  /// NumericsError, naming the sample, for an output that is not finite, DataError as evaluate() and for no samples,
  /// ShapeError for samples of another size, ValueError for batch < 1 and for samples that are mixed with each other.
  Tensor<T, Cpu> predict(const data::Source& source, std::int64_t batch = 32);

  /// Test-time augmentation: the means of predict()'s outputs over `times` uses of each sample of a source that changes
  /// them at random (data::Augmented). Throws as predict(), and ValueError for times < 1.
  ///
  ///     trainer.predict_averaged(data::Augmented(holdout, {.flip_horizontal = true}), 4)
  Tensor<T, Cpu> predict_averaged(const data::Source& source, std::int64_t times, std::int64_t batch = 32);

 private:
  /// fit() after its checks. begun: callbacks whose begin() is done.
  void run_fit(const data::Source& source, const FitOptions& options, FitState& state, History& history,
               std::size_t& begun);

  /// Everything that a run remembers between two steps, for a checkpoint.
  void visit(RunState& run, const FitOptions& options, detail::FitPlace& at, History& history, FitState& state);

  /// The processor that reads the data.
  const Cpu& host() {
    if constexpr (on_cpu)
      return on_;
    else
      return host_;
  }
  /// Whether steps are those of LeafStep.
  bool in_leaves() const { return leaves_.count > 1; }

  void call(detail::FitCallbacks& callbacks, std::function<void(FitState&)> Callback::*which, FitState& state);
  // Which layers callbacks have frozen holds from the next step on.
  void take_changes();

  // Before the first step, with other processes: that they train the same in the same way.
  void compare_processes(detail::RunIdentity identity);
  // evaluate() and the like begin, in all processes with the same weights, samples and options.
  void begin_pass(const char* who, const data::Source& source, const detail::RunIdentity& options);

  // Whether other layers are frozen, or penalized, than those of the plan; in one process, in all.
  bool trainable_changed();

  void restore(CheckpointStore& checkpoint, CheckpointStore::Visit run);

  // work() while slots are whole in all processes. With a plan they are sharded again, also behind an exception: a step
  // changes its own part only.
  template <class Work>
  void with_whole_slots(const Work& work);

  // The plan of the training step, made anew when the batch or what is frozen has changed.
  void prepare(std::int64_t batch);
  void make_plan();
  void take_shared_memory();

  // Steps begin and end with which several processes of one machine may have weights in memory in common.
  void share_weights(std::int64_t epoch);
  void separate_weights();

  // An epoch ends: validation, history, callbacks.
  void end_epoch(const FitOptions& options, detail::FitCallbacks& callbacks, double seconds, FitState& state,
                 History& history);

  void clear_totals();

  // One step. read: the totals are wanted now, else when that costs nothing. names: of the batch's samples.
  void train_batch(std::int64_t n, bool with_weights, [[maybe_unused]] bool read, SampleNames names);
  // The same in leaves. next() puts the samples of the next one into the batch, names() are of that.
  template <class Next>
  void train_leaves(std::int64_t n, bool with_weights, bool read, const Next& next, SampleNames names);
  // What a step reads and changes.
  detail::StepParts<T, Device> step_parts() {
    return {*model_, *plan_, *loss_, *optimizer_, batch_, slots_.here(), rules_, updates_};
  }

  /// Waits for the steps that other devices than the Cpu have under way.
  void read_totals();

  static constexpr bool on_cpu = std::is_same_v<Device, Cpu>;

  Model<T, Device>* model_;
  Device on_;
  Cpu host_;
  std::unique_ptr<Optimizer<T, Device>> optimizer_;
  std::unique_ptr<Loss<T, Device>> loss_;
  TrainerOptions options_;
  detail::UpdateRules updates_;
  mutable detail::Team team_;
  detail::Leaves leaves_;
  detail::OutputRules rules_;
  detail::DataMeaning trained_on_;  // by the last fit()
  const char* who_ = "fit";         // begins messages
  bool outputs_seen_ = false;       // or no need to look at them

  mutable detail::ShardedSlots<T, Device> slots_;  // made when somebody first needs them
  bool restoring_ = false;                         // slots are whole
  std::string given_state_;                        // checksum of the slots that were set last, which processes compare
  bool compared_ = false;                          // the processes
  bool may_share_weights_ = false;                 // with the next plan
  std::unique_ptr<Plan<T, Device>> plan_;
  std::int64_t planned_batch_ = 0;  // samples
  detail::TrainableFlags planned_trainable_;
  detail::Evaluator<T, Device> evaluator_;
  detail::Batch<T, Device> batch_;
  detail::TrainingStep<T, Device> device_step_;
  mutable detail::LeafStep<T, Device> leaf_step_;  // between two steps it has room to put slots together
  detail::StepTotals totals_;          // of the epoch; on other devices than the Cpu, as far as they have been read
  detail::StepTotals earlier_totals_;  // from before it was resumed
  std::vector<bool> finite_;           // the parameters, when fit() began

  double exchange_seconds_ = 0;
  std::int64_t step_ = 0;      // training steps
  std::uint32_t pass_ = 0;     // passes over the data
  std::uint64_t samples_ = 0;  // samples used
};

/// A Trainer is of its model's type and device.
/// @{
template <class T, class Device, class OptimizerValue, class LossValue>
Trainer(Model<T, Device>&, const OptimizerValue&, const LossValue&) -> Trainer<T, Device>;
template <class T, class Device, class OptimizerValue, class LossValue>
Trainer(Model<T, Device>&, const OptimizerValue&, const LossValue&, const TrainerOptions&) -> Trainer<T, Device>;
/// @}

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/trainer_fit_inl.hpp"
#include "brindle/train/trainer_inl.hpp"
#endif
