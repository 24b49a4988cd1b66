// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/data/augmented.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/checkpointed_run.hpp"

namespace brindle::test {

/// How LeafRun trains.
struct LeafSettings {
  std::int64_t leaves = 4;
  int threads = 1;  // of the processor
  std::int64_t batch = 10;
  std::int64_t epochs = 3;
  std::int64_t samples = 39;  // the last batch has 9
  TrainerOptions trainer = {};
  std::shared_ptr<CheckpointStore> checkpoint = {};
  std::vector<Callback> callbacks = {};
  std::function<void(FitOptions&)> change = {};  // of what fit() gets
};

/// A training with all that depends on samples, leaves or steps: a convolution, batch normalization, a large dense
/// layer, whose gradient is streamed and summed over processes in parts, dropout, augmentation, shuffling, weights of
/// classes, validation.
template <class Device>
class LeafRunOn {
 public:
  template <class OptimizerValue = Adam>
  LeafRunOn(const Device& on, LeafSettings s, const std::shared_ptr<ProcessGroup>& group = nullptr,
            const OptimizerValue& optimizer = {})
      : s_(std::move(s)),
        pictures_(random_pictures(s_.samples, 12, 5)),
        holdout_(random_pictures(11, 12, 6)),
        augmented_(pictures_, {.rotation = 30, .zoom = 0.2, .flip_horizontal = true}, {.seed = 3}),
        model_(on, {12, 12, 3}, Conv2D{6, 3}, BatchNormalization{}, Activation{relu}, MaxPool2D{2}, Flatten{},
               Dense{3600, relu}, Dropout{0.3}, Dense{1, sigmoid}) {
    model_.initialize(3);
    s_.trainer.seed = 3;
    s_.trainer.leaves = s_.leaves;
    s_.trainer.group = group;
    trainer_ = std::make_unique<Trainer<float, Device>>(model_, optimizer, BinaryCrossentropy{}, s_.trainer);
  }

  History fit() {
    FitOptions o{.batch = s_.batch,
                 .epochs = s_.epochs,
                 .validation = holdout_,
                 .validation_batch = 3,
                 .class_weight = {{0, 0.5}},
                 .metrics = {metrics::auc()},
                 .callbacks = {early_stopping({.patience = 1000}), keep_best(model_)},
                 .checkpoint = s_.checkpoint};
    for (const Callback& c : s_.callbacks) o.callbacks.push_back(c);
    if (s_.change) s_.change(o);
    return trainer_->fit(augmented_, o);
  }

  /// Bits of weights, moving averages, slots and figures, and of what the model gives.
  std::string outcome(const History& h) {
    const std::vector<float> half(11, 0.5f);
    const Evaluation e = trainer_->evaluate(holdout_, {.batch = 2, .sample_weight = half});
    Checksum more;
    for (const Tensor<float>& y : {trainer_->predict(holdout_, 4), trainer_->predict_averaged(augmented_, 2, 5)})
      more.add_numbers(y.data(), static_cast<std::size_t>(y.size()));
    const double figures[] = {e.loss, e.accuracy, e.weighted_accuracy, h.val_metrics.begin()->second.back()};
    more.add_numbers(figures, 4);
    return outcome_of<Device>(model_, *trainer_, h) + " " + more.text();
  }

  /// fit() and its outcome.
  std::string trained() { return outcome(fit()); }

  Sequential<float, Device>& model() { return model_; }
  Trainer<float, Device>& trainer() { return *trainer_; }
  const data::Source& data() const { return augmented_; }

 private:
  LeafSettings s_;
  data::Pictures pictures_, holdout_;
  data::Augmented augmented_;
  Sequential<float, Device> model_;
  std::unique_ptr<Trainer<float, Device>> trainer_;
};

/// On the processor.
class LeafRun : public LeafRunOn<Cpu> {
 public:
  template <class OptimizerValue = Adam>
  explicit LeafRun(const LeafSettings& s, const std::shared_ptr<ProcessGroup>& group = nullptr,
                   const OptimizerValue& optimizer = {})
      : LeafRunOn<Cpu>(Cpu{s.threads}, s, group, optimizer) {}
};

}  // namespace brindle::test
