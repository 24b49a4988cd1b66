// SPDX-License-Identifier: MIT
#include "brindle/train/leaves.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "brindle/data/augmented.hpp"
#include "brindle/data/mixed.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/checkpointed_run.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

std::string message_of(const std::exception_ptr& error) {
  if (!error) return "no error";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

struct Settings {
  std::int64_t leaves = 4;
  int threads = 1;
  std::int64_t batch = 10;
  std::int64_t epochs = 3;
  std::int64_t samples = 39;  // the last batch has 9
  TrainerOptions trainer = {};
  std::function<History(Trainer<float, Cpu>&, const data::Source&, FitOptions)> fit = {};
};

/// Bits of weights, moving averages, slots and figures after a training with all that depends on samples, leaves or
/// steps.
template <class Optimizer = Adam>
std::string trained(const Settings& s, const std::shared_ptr<ProcessGroup>& group = nullptr,
                    const Optimizer& optimizer = {}) {
  const data::Pictures pictures = random_pictures(s.samples, 12, 5), holdout = random_pictures(11, 12, 6);
  const data::Augmented augmented(pictures, {.rotation = 30, .zoom = 0.2, .flip_horizontal = true}, {.seed = 3});
  Sequential<float> model{Cpu{s.threads}, {12, 12, 3}, Conv2D{6, 3},     BatchNormalization{}, Activation{relu},
                          MaxPool2D{2},   Flatten{},   Dense{300, relu}, Dropout{0.3},         Dense{1, sigmoid}};
  model.initialize(3);
  TrainerOptions o = s.trainer;
  o.seed = 3;
  o.leaves = s.leaves;
  o.group = group;
  Trainer trainer{model, optimizer, BinaryCrossentropy{}, o};
  const FitOptions fit{.batch = s.batch,
                       .epochs = s.epochs,
                       .validation = holdout,
                       .validation_batch = 3,
                       .class_weight = {{0, 0.5}},
                       .metrics = {metrics::auc()},
                       .callbacks = {early_stopping({.patience = 30}), keep_best(model)}};
  const History h = s.fit ? s.fit(trainer, augmented, fit) : trainer.fit(augmented, fit);
  std::string text = outcome_of(model, trainer, h);
  const Evaluation e = trainer.evaluate(holdout, {.batch = 2, .sample_weight = std::vector<float>(11, 0.5f)});
  Checksum more;
  const Tensor<float> outputs = trainer.predict(holdout, 4), means = trainer.predict_averaged(augmented, 2, 5);
  more.add_numbers(outputs.data(), static_cast<std::size_t>(outputs.size()));
  more.add_numbers(means.data(), static_cast<std::size_t>(means.size()));
  const double figures[] = {e.loss, e.accuracy, e.weighted_accuracy, h.val_metrics.begin()->second.back()};
  more.add_numbers(figures, 4);
  return text + " " + more.text();
}

/// The one outcome of all processes.
template <class Optimizer = Adam>
std::string trained_by(int processes, const Settings& s, const Optimizer& optimizer = {}) {
  std::vector<std::string> outcomes(static_cast<std::size_t>(processes));
  const auto errors = run_group(processes, [&](const std::shared_ptr<ProcessGroup>& group) {
    outcomes[static_cast<std::size_t>(group->rank())] = trained(s, group, optimizer);
  });
  for (const auto& error : errors) CHECK(message_of(error) == "no error");
  CHECK(std::set<std::string>(outcomes.begin(), outcomes.end()).size() == 1);
  return outcomes[0];
}

}  // namespace

TEST_CASE("any number of processes and threads gives the same weights, history and evaluation", "[train][leaves]") {
  const std::string alone = trained({});
  for (const int processes : {1, 2, 4})
    for (const int threads : {1, 2}) {
      INFO(processes << " processes of " << threads << " threads");
      CHECK(trained_by(processes, {.threads = threads}) == alone);
    }
  CHECK(trained({.leaves = 2}) != alone);
  CHECK(trained({.leaves = 1}) != alone);
}
