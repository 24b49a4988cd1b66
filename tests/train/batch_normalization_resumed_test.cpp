// SPDX-License-Identifier: MIT
// Runs of a residual network with batch normalization that stop and go on.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/augmented.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/checkpointed_run.hpp"
#include "support/killed.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

constexpr std::int64_t most_epochs = 9;

/// A sum of two branches, one with a depthwise convolution; dropout, and a group that runs for inference.
Model<float> residual_network(const Cpu& on) {
  Sequential<float> stem{on, {8, 8, 3}, Conv2D{4, 3, linear, 1, Padding::same}, BatchNormalization{.momentum = 0.7}};
  stem.set_name("stem");
  Model<float> model(on, {8, 8, 3}, [&](auto x) {
    x = x.then(std::move(stem), ReLU{});
    auto y = x.then(DepthwiseConv2D{.kernel = 3, .padding = Padding::same, .use_bias = false},
                    BatchNormalization{.momentum = 0.8}, ReLU{.max_value = 6},
                    Conv2D{.filters = 4, .kernel = 1, .use_bias = false}, BatchNormalization{.momentum = 0.9});
    return (x + y).then(Dropout{0.2}, GlobalAveragePooling2D{}, Dense{1, sigmoid});
  });
  model.set_inference("stem", true);
  model.initialize(3);
  return model;
}

/// A run that early_stopping ends, after which keep_best puts earlier weights and averages back.
class ResidualRun {
 public:
  explicit ResidualRun(int threads)
      : pictures_(random_pictures(17, 8, 5)),
        holdout_(random_pictures(9, 8, 6)),
        augmented_(pictures_, {.rotation = 20, .flip_horizontal = true}, {.seed = 2}),
        model_(residual_network(Cpu{threads})),
        trainer_(model_, SGD{.learning_rate = 0.3, .momentum = 0.9}, BinaryCrossentropy{}) {}

  History fit(std::shared_ptr<CheckpointStore> checkpoint, std::vector<Callback> more = {}) {
    std::vector<Callback> callbacks{keep_best(model_), early_stopping({.patience = 2})};
    for (Callback& c : more) callbacks.push_back(std::move(c));
    return trainer_.fit(augmented_, {.batch = 6,
                                     .epochs = most_epochs,
                                     .validation = holdout_,
                                     .callbacks = std::move(callbacks),
                                     .checkpoint = std::move(checkpoint)});
  }
  std::string outcome(const History& h) const { return outcome_of(model_, trainer_, h); }
  std::int64_t steps() const { return trainer_.steps(); }
  Model<float>& model() { return model_; }

 private:
  data::Pictures pictures_, holdout_;
  data::Augmented augmented_;
  Model<float> model_;
  Trainer<float, Cpu> trainer_;
};

Callback paused_after(std::int64_t steps) {
  Callback c;
  c.step = [steps, done = std::int64_t{0}](FitState& s) mutable { s.pause = ++done == steps; };
  return c;
}

}  // namespace

TEST_CASE("a run with batch normalization stops early, and its best weights and moving averages are put back",
          "[train][checkpoint]") {
  ResidualRun run(1);
  std::vector<Tensor<float>> variances;  // of the last BatchNormalization, behind each epoch
  Callback look;
  look.epoch = [&](FitState&) {
    variances.push_back(run.model().layer("batch_normalization_2").parameters()[3].value.clone());
  };
  const History h = run.fit({}, {look});
  CHECK(h.epochs() < most_epochs);
  CHECK(h.epochs() == variances.size());
  std::size_t best = 0;
  for (std::size_t i = 0; i < h.epochs(); ++i)
    if (h.val_loss[i] < h.val_loss[best]) best = i;
  CHECK(best + 3 == h.epochs());  // patience
  REQUIRE(best > 0);
  CHECK(same_bits(run.model().layer("batch_normalization_2").parameters()[3].value, variances[best]));
  CHECK_FALSE(same_bits(variances[best], variances.back()));
  // The stem runs for inference, so that its averages stand still.
  CHECK(run.model().layer("batch_normalization").parameters()[2].value[0] == 0);
  CHECK(run.model().layer("batch_normalization").parameters()[3].value[0] == 1);
}

TEST_CASE("a run with batch normalization that ends after any step and goes on has the bits of one that did not",
          "[train][checkpoint]") {
  std::set<std::string> outcomes;
  for (const int threads : {1, 2}) {
    ResidualRun whole(threads);
    const History expected = whole.fit({});
    outcomes.insert(whole.outcome(expected));
    for (const double every : {0.0, every_step})
      for (const bool paused : {false, true})
        for (std::int64_t first = 1; first < whole.steps(); ++first) {
          INFO(threads << " threads, every " << every << " s, " << (paused ? "paused" : "killed") << " after step "
                       << first);
          const TemporaryFolder folder;
          {
            ResidualRun run(threads);
            if (paused)
              run.fit(checkpoint(folder / "c", {.every_seconds = every}), {paused_after(first)});
            else
              CHECK_THROWS_AS(run.fit(checkpoint(folder / "c", {.every_seconds = every}), {killed_after(first)}),
                              Killed);
          }
          ResidualRun run(threads);
          const History h = run.fit(checkpoint(folder / "c", {.every_seconds = every, .resume = true}));
          CHECK(h.epochs() == expected.epochs());
          CHECK(run.steps() == whole.steps());
          CHECK(outcomes.count(run.outcome(h)) == 1);
        }
  }
  CHECK(outcomes.size() == 1);
}

TEST_CASE("a run with batch normalization goes on with another number of threads", "[train][checkpoint][threads]") {
  ResidualRun whole(1);
  const std::string expected = whole.outcome(whole.fit({}));
  const TemporaryFolder folder;
  CHECK_THROWS_AS(ResidualRun(2).fit(checkpoint(folder / "c", {.every_seconds = every_step}), {killed_after(7)}),
                  Killed);
  ResidualRun run(3);
  CHECK(run.outcome(run.fit(checkpoint(folder / "c", {.resume = true}))) == expected);
}
