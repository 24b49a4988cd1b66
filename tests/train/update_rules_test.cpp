// SPDX-License-Identifier: MIT
#include "brindle/train/update_rules.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/checkpointed_run.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// A loss whose gradient by the outputs is the labels: what a test wants it to be.
template <class T, class Device>
class GivenGradientLoss final : public Loss<T, Device> {
 public:
  std::string type() const override { return "GivenGradient"; }
  Config config() const override { return {}; }
  bool takes_logits_of(ActivationFunction) const override { return false; }
  void check(const std::string&, TensorView<const float, Cpu>, const Shape&) const override {}
  void prepare(std::int64_t) override {}
  void operator()(const Device&, bool, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device>, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    for (std::int64_t i = 0; i < each.size(); ++i) each[i] = 0;
    for (std::int64_t i = 0; !dy.empty() && i < y.size(); ++i) dy[i] = t[i];
  }
};

struct GivenGradient {
  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const {
    return std::make_unique<GivenGradientLoss<T, Device>>();
  }
};

/// The batches of a case of update_rules.npz. One input that is 1: the gradient of a kernel (1, 10) is that of the
/// outputs. Two dense layers side by side are the two parameters.
template <class T, class Description>
void check_case(const std::string& name, const Description& optimizer, const TrainerOptions& options) {
  INFO(name);
  const Golden golden("update_rules.npz");
  Model<T> model{{1}, [](auto x) {
                   const auto left = x.then(Dense{.units = 6, .use_bias = false});
                   const auto right = x.then(Dense{.units = 4, .use_bias = false});
                   return concatenate(left, right);
                 }};
  std::vector<std::size_t> dense;
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    if (!model.layers()[i]->parameters().empty()) dense.push_back(i);
  REQUIRE(dense.size() == 2);
  const auto weight = [&](std::size_t i) -> Tensor<T>& { return model.layers()[dense[i]]->parameters()[0].value; };
  const std::string number[] = {"0", "1"};
  Tensor<float> x({1, 1}), grads[2];
  Tensor<double> path[2], average[2];
  x[0] = 1;
  for (std::size_t i = 0; i < 2; ++i) {
    const Tensor<T> start = golden.get<T>(name + ".p" + number[i]);
    for (std::int64_t k = 0; k < start.size(); ++k) weight(i)[k] = start[k];
    grads[i] = golden.get<float>(name + ".grads" + number[i]);
    path[i] = golden.get<double>(name + ".path" + number[i] + "_f64");
    if (options.use_ema) average[i] = golden.get<double>(name + ".average" + number[i] + "_f64");
  }
  Trainer trainer{model, optimizer, GivenGradient{}, options};
  const double share = std::is_same_v<T, double> ? 1e-6 : 2e-5;  // Keras rounds momentum and betas to float32
  for (std::int64_t step = 0; step < 13; ++step) {
    INFO("batch " << step);
    Tensor<float> labels({1, 10});
    for (std::int64_t k = 0; k < 10; ++k) labels[k] = k < 6 ? grads[0][step * 6 + k] : grads[1][step * 4 + k - 6];
    const Tensor<T> one = [&] {
      Tensor<T> t({1, 1});
      t[0] = 1;
      return t;
    }();
    trainer.train_on_batch(one.view(), labels.view());
    for (std::size_t i = 0; i < 2; ++i)
      for (std::int64_t k = 0; k < weight(i).size(); ++k) {
        const std::int64_t at = step * weight(i).size() + k;
        CHECK(static_cast<double>(weight(i)[k]) == Approx(path[i][at]).epsilon(share).margin(share));
        if (options.use_ema)
          CHECK(static_cast<double>(trainer.slots(dense[i], 0).back()[k]) ==
                Approx(average[i][at]).epsilon(share).margin(share));
      }
  }
  if (!options.use_ema) return;
  trainer.finalize_variable_values();
  for (std::size_t i = 0; i < 2; ++i) {
    const Tensor<double> last = golden.get<double>(name + ".final" + number[i] + "_f64");
    for (std::int64_t k = 0; k < last.size(); ++k)
      CHECK(static_cast<double>(weight(i)[k]) == Approx(last[k]).epsilon(share).margin(share));
  }
}

/// A network with large and small layers after two epochs, and its trainer's state.
struct Trained {
  Sequential<float> model;
  OptimizerState<float> state;
};

template <class Description>
Trained trained(const Description& optimizer, TrainerOptions options, int threads = 2, std::int64_t epochs = 2) {
  Trained t{.model = {Cpu(threads), {150}, Dense{200, relu}, BatchNormalization{}, Dense{1, sigmoid}}, .state = {}};
  t.model.initialize(3);
  Trainer trainer{t.model, optimizer, BinaryCrossentropy{}, options};
  Tensor<float> labels({22, 1});
  for (std::int64_t i = 0; i < 22; ++i) labels[i] = i % 3 == 0 ? 1.0f : 0.0f;
  const data::InMemory samples(random_tensor<float>({22, 150}, 4), std::move(labels));
  trainer.fit(samples, {.batch = 4, .epochs = epochs});
  t.state = trainer.optimizer_state();
  return t;
}

bool same_weights(const Sequential<float>& a, const Sequential<float>& b) {
  for (std::size_t i = 0; i < a.layers().size(); ++i)
    for (std::size_t p = 0; p < a.layers()[i]->parameters().size(); ++p)
      if (!same_bits(a.layers()[i]->parameters()[p].value, b.layers()[i]->parameters()[p].value)) return false;
  return true;
}

}  // namespace

TEMPLATE_TEST_CASE("clipped and accumulated gradients and averaged weights agree with Keras, batch by batch",
                   "[train][golden]", float, double) {
  const SGD momentum{.learning_rate = 0.1, .momentum = 0.9};
  check_case<TestType>("clipvalue", momentum, {.clipvalue = 0.5});
  check_case<TestType>("clipnorm", momentum, {.clipnorm = 1.5});
  check_case<TestType>("global_clipnorm", momentum, {.global_clipnorm = 1.5});
  check_case<TestType>("accumulated", Adam{.learning_rate = 0.01}, {.gradient_accumulation_steps = 4});
  check_case<TestType>("accumulated_clipnorm", SGD{.learning_rate = 0.1, .weight_decay = 0.5},
                       {.clipnorm = 0.5, .gradient_accumulation_steps = 3});
  check_case<TestType>("ema", SGD{.learning_rate = 0.1}, {.use_ema = true, .ema_momentum = 0.75});
  check_case<TestType>("ema_overwrites", momentum,
                       {.use_ema = true, .ema_momentum = 0.75, .ema_overwrite_frequency = 5});
  check_case<TestType>(
      "ema_accumulated", SGD{.learning_rate = 0.1},
      {.gradient_accumulation_steps = 2, .use_ema = true, .ema_momentum = 0.5, .ema_overwrite_frequency = 3});
}

TEST_CASE("clipping, accumulation and averages have the same bits for any number of threads", "[train][threads]") {
  const TrainerOptions all[] = {
      {.clipvalue = 0.01},
      {.clipnorm = 0.1},
      {.global_clipnorm = 0.1},
      {.gradient_accumulation_steps = 4},
      {.use_ema = true, .ema_overwrite_frequency = 3},
      {.clipnorm = 0.1, .gradient_accumulation_steps = 3, .use_ema = true, .ema_momentum = 0.9}};
  const Adam optimizer{.amsgrad = true};
  const Trained plain = trained(optimizer, {}, 1);
  for (const TrainerOptions& options : all) {
    INFO(detail::UpdateRules(options).text());
    const Trained one = trained(optimizer, options, 1);
    CHECK_FALSE(same_weights(one.model, plain.model));
    for (const int threads : {2, 3}) CHECK(same_weights(one.model, trained(optimizer, options, threads).model));
    TrainerOptions stored = options;
    stored.stream_gradients = false;
    CHECK(same_weights(one.model, trained(optimizer, stored).model));
  }
}

TEST_CASE("limits that no gradient reaches and groups of one batch change no bit", "[train]") {
  const Trained plain = trained(RMSprop{}, {});
  CHECK(same_weights(plain.model, trained(RMSprop{}, {.clipvalue = 1e9}).model));
  CHECK(same_weights(plain.model, trained(RMSprop{}, {.clipnorm = 1e9}).model));
  CHECK(same_weights(plain.model, trained(RMSprop{}, {.global_clipnorm = 1e9}).model));
  CHECK(same_weights(plain.model, trained(RMSprop{}, {.gradient_accumulation_steps = 1}).model));
}

TEST_CASE("a group of batches that is not whole goes on in the next epoch and in the next fit", "[train]") {
  // 6 batches an epoch, groups of 4.
  const Trained once = trained(SGD{}, {.gradient_accumulation_steps = 4}, 1, 2);
  Sequential<float> model{Cpu(1), {150}, Dense{200, relu}, BatchNormalization{}, Dense{1, sigmoid}};
  model.initialize(3);
  Tensor<float> labels({22, 1});
  for (std::int64_t i = 0; i < 22; ++i) labels[i] = i % 3 == 0 ? 1.0f : 0.0f;
  const data::InMemory samples(random_tensor<float>({22, 150}, 4), std::move(labels));
  OptimizerState<float> between;
  {
    Trainer trainer{model, SGD{}, BinaryCrossentropy{}, {.gradient_accumulation_steps = 4}};
    trainer.fit(samples, {.batch = 4, .epochs = 1});
    between = trainer.optimizer_state();
    CHECK(between.type == "SGD with gradient_accumulation_steps");
    CHECK(between.steps == 6);
  }
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}, {.gradient_accumulation_steps = 4}};
  trainer.set_optimizer_state(between);
  trainer.fit(samples, {.batch = 4, .epochs = 1});
  CHECK(same_weights(once.model, model));
  Trainer other{model, SGD{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(other.set_optimizer_state(between),
                    Contains("that of SGD with gradient_accumulation_steps, the trainer has SGD"));
}

TEST_CASE("a run with accumulation and averages goes on from a checkpoint with the same bits", "[train][checkpoint]") {
  const TrainerOptions options{.clipnorm = 0.2,
                               .gradient_accumulation_steps = 4,
                               .use_ema = true,
                               .ema_momentum = 0.8,
                               .swap_ema_weights = true};
  const auto pictures = random_pictures(39, 12, 5), holdout = random_pictures(11, 12, 6);
  const auto run = [&](std::int64_t epochs, int threads, std::shared_ptr<CheckpointStore> store, std::int64_t stop_at,
                       TrainerOptions o) {
    Sequential<float> model{Cpu{threads},    {12, 12, 3},  Conv2D{6, 3, relu}, Flatten{},
                            Dense{16, relu}, Dropout{0.3}, Dense{1, sigmoid}};
    model.initialize(1);
    Trainer trainer{model, Adam{}, BinaryCrossentropy{}, o};
    std::int64_t steps = 0;
    const History h = trainer.fit(pictures, {.batch = 7,
                                             .epochs = epochs,
                                             .validation = holdout,
                                             .callbacks = {keep_best(model),
                                                           {.step =
                                                                [&](FitState& s) {
                                                                  if (++steps == stop_at) s.pause = true;
                                                                }}},
                                             .checkpoint = std::move(store)});
    return outcome_of(model, trainer, h);
  };
  const TemporaryFolder folder;
  const auto file = folder.path() / "run.checkpoint";
  const std::string whole = run(4, 1, nullptr, -1, options);
  run(4, 2, checkpoint(file), 9, options);  // in the middle of an epoch and of a group
  CHECK_THROWS_WITH(run(4, 1, checkpoint(file, {.resume = true}), -1, {}), Contains("gradient_accumulation_steps 4"));
  CHECK(run(4, 3, checkpoint(file, {.resume = true}), -1, options) == whole);
  // One that had ended goes on with more epochs, though fit() had put the averages into the weights.
  const auto other = folder.path() / "other.checkpoint";
  run(2, 1, checkpoint(other), -1, options);
  CHECK(run(4, 1, checkpoint(other, {.resume = true}), -1, options) == whole);
}

TEST_CASE("fit ends with the averages as weights, and validation sees them where it was asked to", "[train]") {
  Tensor<float> labels({22, 1});
  for (std::int64_t i = 0; i < 22; ++i) labels[i] = i % 3 == 0 ? 1.0f : 0.0f;
  const data::InMemory samples(random_tensor<float>({22, 9}, 4), std::move(labels));
  for (const bool swaps : {false, true}) {
    Sequential<float> model{{9}, Dense{5, relu}, Dense{1, sigmoid}};
    model.initialize(3);
    Trainer trainer{model,
                    SGD{.learning_rate = 0.5},
                    BinaryCrossentropy{},
                    {.use_ema = true, .ema_momentum = 0.9, .swap_ema_weights = swaps}};
    std::vector<float> seen, kept;
    const History h = trainer.fit(
        samples,
        {.batch = 4, .epochs = 3, .validation = samples, .callbacks = {{.epoch = [&](FitState&) {
                                                           seen.push_back(model.layers()[0]->parameters()[0].value[0]);
                                                           kept.push_back(trainer.slots(0, 0).back()[0]);
                                                         }}}});
    const float last = model.layers()[0]->parameters()[0].value[0];
    CHECK(same_bits(model.layers()[0]->parameters()[0].value, trainer.slots(0, 0).back()));
    CHECK(last == (swaps ? seen : kept).back());
    CHECK(last != (swaps ? kept : seen).back());
    const double now = trainer.evaluate(samples, {.batch = 4}).loss;
    if (swaps)
      CHECK(h.val_loss.back() == now);
    else
      CHECK(h.val_loss.back() != now);
  }
}

TEST_CASE("a layer that is frozen in between keeps its average and no gradients", "[train]") {
  Sequential<float> model{{9}, Dense{5, relu}, Dense{1, sigmoid}};
  model.initialize(3);
  Trainer trainer{model, SGD{.learning_rate = 0.5}, BinaryCrossentropy{}, {.gradient_accumulation_steps = 3}};
  const Tensor<float> x = random_tensor<float>({4, 9}, 4), labels({4, 1});
  trainer.train_on_batch(x.view(), labels.view());
  CHECK(trainer.slots(0, 0).back()[0] != 0);
  model.layers()[0]->trainable = false;
  trainer.train_on_batch(x.view(), labels.view());
  CHECK(trainer.slots(0, 0).back()[0] == 0);
}

TEST_CASE("options of updates that cannot be are refused when the trainer is made", "[train]") {
  Sequential<float> model{{9}, Dense{1, sigmoid}};
  const auto make = [&](const TrainerOptions& o) { Trainer trainer{model, SGD{}, BinaryCrossentropy{}, o}; };
  CHECK_THROWS_WITH(
      make({.clipvalue = 1, .clipnorm = 2}),
      Contains("Trainer: expected at most one of clipvalue, clipnorm and global_clipnorm, got clipvalue 1"));
  CHECK_THROWS_WITH(make({.clipnorm = -1}),
                    Contains("clipnorm must be above 0 and at most 1e30, or 0 for none, got -1"));
  CHECK_THROWS_WITH(make({.global_clipnorm = std::nan("")}), Contains("global_clipnorm must be"));
  CHECK_THROWS_WITH(make({.gradient_accumulation_steps = 0}), Contains("must be at least 1, got 0"));
  CHECK_THROWS_WITH(make({.use_ema = true, .ema_momentum = 1.5}), Contains("ema_momentum must be 0 to 1, got 1.5"));
  CHECK_THROWS_WITH(make({.use_ema = true, .ema_overwrite_frequency = -1}), Contains("ema_overwrite_frequency"));
  CHECK_THROWS_WITH(make({.swap_ema_weights = true}),
                    Contains("swap_ema_weights needs averages") && Contains("use_ema"));
  CHECK_THROWS_WITH(make({.ema_overwrite_frequency = 5}), Contains("ema_overwrite_frequency needs averages"));
}
