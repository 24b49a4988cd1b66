// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/report/history_csv.hpp"
#include "brindle/report/progress_line.hpp"
#include "brindle/report/run_page.hpp"
#include "brindle/report/training_curves.hpp"
#include "brindle/testing.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

/// Samples whose label is the sum of their four numbers.
data::InMemory sums(std::uint64_t seed, std::int64_t n) {
  Tensor<float> x = testing::random_tensor<float>({n, 4}, seed), labels({n, 1});
  for (std::int64_t i = 0; i < n; ++i) labels[i] = x[4 * i] + x[4 * i + 1] + x[4 * i + 2] + x[4 * i + 3];
  return data::InMemory(std::move(x), std::move(labels));
}

}  // namespace

TEMPLATE_TEST_CASE("numbers are learned, and nothing says that it knows their accuracy", "[train][regression]",
                   MeanSquaredError, MeanAbsoluteError, Huber) {
  const data::InMemory samples = sums(1, 120), holdout = sums(2, 40);
  Sequential<float> model{{4}, Dense{8, relu}, Dense{1}};
  Trainer trainer{model, Adam{.learning_rate = 0.02}, TestType{}};
  const TemporaryFolder folder;
  const History history = trainer.fit(samples, {.batch = 20,
                                                .epochs = 25,
                                                .validation = holdout,
                                                .callbacks = {keep_best(model), csv_logger(folder / "log.csv")}});
  CHECK(history.val_loss.back() < 0.2 * history.val_loss.front());
  CHECK(history.accuracy.empty());
  CHECK(history.val_accuracy.empty());
  const Evaluation e = trainer.evaluate(holdout);
  CHECK(e.loss <= history.val_loss.back() + 1e-6);
  CHECK(std::isnan(e.accuracy));
  CHECK(std::isnan(e.weighted_accuracy));

  std::ifstream log(folder / "log.csv");
  std::string names, first;
  std::getline(log, names);
  std::getline(log, first);
  CHECK_THAT(first, Contains(",,"));
  CHECK_THAT(first, !Contains("nan"));
  log.close();

  CHECK_THAT(report::history_csv(history), !Contains("nan"));
  CHECK(report::training_curves_chart(history, "").panels.size() == 1);
  report::RunPage page{.title = "Sums"};
  page.add_history(history);
  CHECK_THAT(page.html(), !Contains("accuracy") && !Contains("nan"));
}

TEST_CASE("what watches an accuracy is refused where there is none", "[train][regression]") {
  const data::InMemory samples = sums(1, 40);
  Sequential<float> model{{4}, Dense{1}};
  Trainer trainer{model, SGD{}, MeanSquaredError{}};
  CHECK_THROWS_WITH(
      trainer.fit(samples, {.validation = samples,
                            .callbacks = {early_stopping({.monitor = Monitor::val_accuracy, .patience = 1})}}),
      Contains("watches val_accuracy, but the loss compares no classes, so there is no accuracy; watch "
               "Monitor::val_loss"));
}

TEST_CASE("a regression run goes on from its checkpoint with the same bits", "[train][regression][checkpoint]") {
  const data::InMemory samples = sums(1, 60);
  const TemporaryFolder folder;
  const auto run = [&](std::int64_t stop_after, bool checkpointed) {
    Sequential<float> model{{4}, Dense{8, relu}, Dense{1}};
    Trainer trainer{model, Adam{}, Huber{}};
    std::int64_t steps = 0;
    FitOptions o{.batch = 8, .epochs = 3, .validation = samples};
    o.callbacks = {{.step = [&](FitState& s) { s.pause = ++steps == stop_after; }}};
    if (checkpointed) o.checkpoint = checkpoint(folder / "run.checkpoint", {.resume = true});
    return trainer.fit(samples, o);
  };
  const History whole = run(-1, false);
  run(11, true);
  const History resumed = run(-1, true);
  CHECK(resumed.loss == whole.loss);
  CHECK(resumed.val_loss == whole.val_loss);
  CHECK(resumed.accuracy.empty());
}
