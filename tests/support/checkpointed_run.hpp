// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/data/augmented.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "brindle/train/trainer.hpp"

namespace brindle::test {

inline data::Pictures random_pictures(std::int64_t n, std::int64_t side, std::uint64_t seed) {
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>({n, side, side, 3});
  for (std::int64_t i = 0; i < parts.pixels.size(); ++i)
    parts.pixels[i] = static_cast<std::uint8_t>(Random{seed, 1, 2}.below(static_cast<std::uint64_t>(i), 256));
  for (std::int64_t i = 0; i < n; ++i) parts.classes.push_back(i % 3 == 0 ? 1 : 0);
  parts.class_names = {"cat", "dog"};
  return data::Pictures(std::move(parts));
}

/// Over the bits of weights, moving averages, optimizer state, learning rate and figures.
template <class Device>
std::string outcome_of(const Model<float, Device>& model, const Trainer<float, Device>& trainer, const History& h) {
  Checksum sum;
  const auto add = [&](const auto& numbers) {
    sum.add({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof numbers[0]});
  };
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    for (std::size_t p = 0; p < model.layers()[i]->parameters().size(); ++p)
      add(std::as_const(*model.layers()[i]).parameters()[p].value.template to<Cpu>().span());
  for (const auto& slot : trainer.optimizer_state().slots) add(slot.value.span());
  for (const auto* figures : {&h.loss, &h.accuracy, &h.val_loss, &h.val_accuracy}) add(*figures);
  add(std::vector<double>{trainer.optimizer().learning_rate(), static_cast<double>(trainer.steps())});
  return sum.text();
}

struct RunSettings {
  std::int64_t batch = 7;
  std::int64_t epochs = 5;
  std::uint64_t seed = 3;
  std::int64_t steps_per_epoch = 0;
  std::int64_t samples = 39;
  std::int64_t units = 16;
  int threads = 2;
};

/// A run with everything that a checkpoint must remember: augmentation, shuffling, dropout, an optimizer with two
/// slots, a schedule, early stopping, the best weights, a log. A batch that does not divide the data; with
/// steps_per_epoch, epochs that begin in the middle of a pass.
class CheckpointedRun {
 public:
  explicit CheckpointedRun(const RunSettings& s = {})
      : settings_(s),
        pictures_(random_pictures(s.samples, 12, 5)),
        holdout_(random_pictures(11, 12, 6)),
        augmented_(pictures_, {.rotation = 30, .zoom = 0.2, .flip_horizontal = true}, {.seed = s.seed}),
        model_(Cpu{s.threads}, {12, 12, 3}, Conv2D{6, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{s.units, relu},
               Dropout{0.3}, Dense{1, sigmoid}) {
    model_.initialize(s.seed);
    trainer_ = std::make_unique<Trainer<float, Cpu>>(model_, RMSprop{.learning_rate = 1e-3, .momentum = 0.5},
                                                     BinaryCrossentropy{}, TrainerOptions{.seed = s.seed});
  }

  History fit(std::shared_ptr<CheckpointStore> checkpoint, std::vector<Callback> more = {},
              const std::filesystem::path& log = {}) {
    std::vector<Callback> callbacks{cosine_decay({.warmup_steps = 4}), early_stopping({.patience = 30}),
                                    keep_best(model_), reduce_on_plateau({.factor = 0.5, .patience = 2})};
    if (!log.empty()) callbacks.push_back(csv_logger(log));
    for (Callback& c : more) callbacks.push_back(std::move(c));
    return trainer_->fit(augmented_, {.batch = settings_.batch,
                                      .epochs = settings_.epochs,
                                      .steps_per_epoch = settings_.steps_per_epoch,
                                      .validation = holdout_,
                                      .callbacks = std::move(callbacks),
                                      .checkpoint = std::move(checkpoint)});
  }

  /// See outcome_of().
  std::string outcome(const History& h) const { return outcome_of<Cpu>(model_, *trainer_, h); }

  Sequential<float>& model() { return model_; }
  Trainer<float, Cpu>& trainer() { return *trainer_; }

 private:
  RunSettings settings_;
  data::Pictures pictures_, holdout_;
  data::Augmented augmented_;
  Sequential<float> model_;
  std::unique_ptr<Trainer<float, Cpu>> trainer_;
};

}  // namespace brindle::test
