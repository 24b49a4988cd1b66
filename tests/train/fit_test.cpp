// SPDX-License-Identifier: MIT
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/step_allocations.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// Pictures whose class shows in their first channel.
data::InMemory samples(std::int64_t n, const Shape& shape = {12, 12, 3}, int classes = 2) {
  Tensor<float> x = random_tensor<float>(shape.batch(n), 7, 0, 1);
  std::vector<float> labels(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    labels[static_cast<std::size_t>(i)] = static_cast<float>(i % classes);
    for (std::int64_t k = 0; k < shape.size(); k += 3)
      x[i * shape.size() + k] = 0.3f * x[i * shape.size() + k] + 0.6f * labels[static_cast<std::size_t>(i)];
  }
  return data::InMemory(std::move(x), labels);
}

Sequential<float> network(int threads = 2, const Shape& shape = {12, 12, 3}) {
  return Sequential<float>{Cpu{threads}, shape,           Conv2D{8, 3, relu}, MaxPool2D{2},     Conv2D{8, 3, relu},
                           Flatten{},    Dense{16, relu}, Dropout{0.3},       Dense{1, sigmoid}};
}

std::vector<float> weights(const Sequential<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.insert(all.end(), p.value.span().begin(), p.value.span().end());
  return all;
}

}  // namespace

TEST_CASE("a network learns what can be told apart", "[train]") {
  const auto data = samples(64);
  auto model = network();
  Trainer trainer{model, RMSprop{.learning_rate = 3e-3}, BinaryCrossentropy{}};
  const History history = trainer.fit(data, {.batch = 16, .epochs = 12, .validation = data});
  CHECK(history.epochs() == 12);
  CHECK(history.val_accuracy.back() > 0.95);
  CHECK(history.loss.back() < history.loss.front());
}

TEST_CASE("three classes are learned from class numbers", "[train]") {
  const auto data = samples(90, {12, 12, 3}, 3);
  Sequential<float> model{Cpu{2}, {12, 12, 3}, Conv2D{8, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{3, softmax}};
  Trainer trainer{model, Adam{.learning_rate = 1e-2}, SparseCategoricalCrossentropy{}};
  const History history = trainer.fit(data, {.batch = 16, .epochs = 30});
  CHECK(history.accuracy.back() > 0.9);
  const auto p = trainer.predict(data);
  CHECK(p.shape() == Shape{90, 3});
  CHECK(p[0] + p[1] + p[2] == Approx(1));
}

TEST_CASE("a model's last activation may be in its last layer, a layer of its own or in front of others", "[train]") {
  const auto fit = [](Sequential<float> model, const auto& loss, int classes) {
    model.initialize(3);
    Trainer trainer{model, SGD{.learning_rate = 0.1}, loss};
    return trainer.fit(samples(24, {4, 4, 3}, classes), {.batch = 8, .epochs = 3}).loss.back();
  };
  const auto network = [&](const auto&... last) { return Sequential<float>{Cpu{1}, {4, 4, 3}, Flatten{}, last...}; };
  const double two = fit(network(Dense{1, sigmoid}), BinaryCrossentropy{}, 2);
  CHECK(fit(network(Dense{1}, Activation{sigmoid}), BinaryCrossentropy{}, 2) == Approx(two).epsilon(1e-5));
  CHECK(fit(network(Dense{1, sigmoid}, Flatten{}), BinaryCrossentropy{}, 2) == Approx(two).epsilon(1e-5));
  const double three = fit(network(Dense{3, softmax}), SparseCategoricalCrossentropy{}, 3);
  CHECK(fit(network(Dense{3}, Activation{softmax}), SparseCategoricalCrossentropy{}, 3) == Approx(three).epsilon(1e-5));
  CHECK(fit(network(Dense{3, softmax}, Flatten{}), SparseCategoricalCrossentropy{}, 3) == Approx(three).epsilon(1e-5));
}

TEST_CASE("every optimizer makes the loss smaller", "[train]") {
  const auto data = samples(64);
  const auto falls = [&](const auto& optimizer) {
    auto model = network();
    Trainer trainer{model, optimizer, BinaryCrossentropy{}};
    const History h = trainer.fit(data, {.batch = 16, .epochs = 10});
    CHECK(h.loss.back() < 0.9 * h.loss.front());
  };
  falls(RMSprop{});
  falls(RMSprop{.momentum = 0.5, .centered = true});
  falls(SGD{.learning_rate = 0.1});
  falls(SGD{.learning_rate = 0.05, .momentum = 0.9, .nesterov = true});
  falls(Adam{.learning_rate = 3e-3});
}

TEST_CASE("training from a seed gives the same bits for any number of threads", "[train]") {
  const auto data = samples(50);
  const auto train = [&](int threads, std::uint64_t seed) {
    auto model = network(threads);
    model.initialize(seed);
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}, {.seed = seed}};
    trainer.fit(data, {.batch = 16, .epochs = 2});
    return weights(model);
  };
  const auto one = train(1, 5);
  CHECK(one == train(2, 5));
  CHECK(one == train(3, 5));
  CHECK(one != train(1, 6));
}

TEST_CASE("a training step allocates nothing after the first", "[train]") {
  const auto data = samples(48, {26, 26, 3});
  for (const std::int64_t batch : {16, 15}) {  // 48 = 3 x 16, and with a smaller last batch
    // Large enough for every kernel to cut its work into blocks.
    Sequential<float> model{Cpu{2},
                            {26, 26, 3},
                            Conv2D{32, 3, relu},
                            MaxPool2D{2},
                            Conv2D{32, 3, relu},
                            Conv2D{.filters = 16, .kernel = 2, .stride = 2},
                            MaxPooling2D{.pool_size = 2, .stride = 1},
                            Flatten{},
                            Dense{512, relu},
                            Dropout{0.3},
                            Dense{1, sigmoid}};
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    StepAllocations counted;
    trainer.fit(data, {.batch = batch, .epochs = 3, .callbacks = {counted.callback()}});
    CHECK(counted.steps >= 6);
    CHECK(counted.in_steps == 0);
  }
}

TEST_CASE("a training step of a network of today allocates nothing after the first", "[train]") {
  const auto data = samples(32, {26, 26, 3});
  const auto parts = [](auto x) {
    x = x.then(Conv2D{.filters = 16, .kernel = 3, .stride = 2}, BatchNormalization{.name = "a_rather_long_name"},
               ReLU{6}, DepthwiseConv2D{.kernel = 3, .padding = Padding::same}, BatchNormalization{}, ReLU{6});
    auto y = x.then(Conv2D{16, 1}, BatchNormalization{}, Activation{relu}, Conv2D{16, 1}, BatchNormalization{});
    return (x + y).then(Activation{relu}, MaxPooling2D{.pool_size = 3, .stride = 2}, GlobalAveragePooling2D{},
                        Dense{1, sigmoid});
  };
  Model<float> model{Cpu{2}, {26, 26, 3}, parts};
  Trainer trainer{model, Adam{.weight_decay = 1e-4, .exclude_from_weight_decay = {"bias", "gamma"}},
                  BinaryCrossentropy{}};
  StepAllocations counted;
  trainer.fit(data, {.batch = 8, .epochs = 3, .callbacks = {counted.callback()}});
  CHECK(counted.steps >= 6);
  CHECK(counted.in_steps == 0);
}

TEST_CASE("frozen layers keep their bits and cost no gradient", "[train]") {
  const auto data = samples(32);
  auto model = network();
  Trainer all{model, RMSprop{}, BinaryCrossentropy{}};
  all.fit(data, {.batch = 16});
  const std::int64_t everything = all.plan_bytes();

  model.freeze_before("dense");
  const Tensor<float> frozen = model.layer("conv2d").parameters()[0].value.clone();
  const Tensor<float> free = model.layer("dense").parameters()[0].value.clone();
  Trainer head{model, RMSprop{}, BinaryCrossentropy{}};
  head.fit(data, {.batch = 16});
  CHECK(same_bits(frozen, model.layer("conv2d").parameters()[0].value));
  CHECK(!same_bits(free, model.layer("dense").parameters()[0].value));
  CHECK(head.plan_bytes() < everything);
}

TEST_CASE("freezing between two fits of one trainer takes effect", "[train]") {
  const auto data = samples(32);
  auto model = network();
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  trainer.fit(data, {.batch = 16});
  model.freeze_before("dense");
  const Tensor<float> frozen = model.layer("conv2d").parameters()[0].value.clone();
  trainer.fit(data, {.batch = 16});
  CHECK(same_bits(frozen, model.layer("conv2d").parameters()[0].value));
  model.set_trainable(true);
  trainer.fit(data, {.batch = 16});
  CHECK(!same_bits(frozen, model.layer("conv2d").parameters()[0].value));
}

TEST_CASE("steps_per_epoch goes on in the stream where the last epoch stopped", "[train]") {
  const auto data = samples(50);
  // One epoch of 8 steps sees what two passes of 4 steps see: 16, 16, 16, 2 twice.
  const auto train = [&](std::int64_t epochs, std::int64_t steps) {
    auto model = network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    const History h = trainer.fit(data, {.batch = 16, .epochs = epochs, .steps_per_epoch = steps});
    CHECK(h.epochs() == static_cast<std::size_t>(epochs));
    return weights(model);
  };
  const auto passes = train(2, 0);
  CHECK(passes == train(1, 8));
  CHECK(passes == train(8, 1));
  CHECK(passes != train(1, 7));
}

TEST_CASE("sample weights and class weights scale the loss of their samples", "[train]") {
  const auto data = samples(32);
  const auto first_loss = [&](const FitOptions& o) {
    auto model = network();
    Trainer trainer{model, SGD{.learning_rate = 0}, BinaryCrossentropy{}};
    return trainer.fit(data, o).loss[0];
  };
  const double plain = first_loss({.batch = 32});
  const std::vector<float> twos(32, 2.0f);
  CHECK(first_loss({.batch = 32, .sample_weight = twos}) == Approx(2 * plain));
  CHECK(first_loss({.batch = 32, .class_weight = {{0, 3.0}, {1, 3.0}}}) == Approx(3 * plain));
  const double zeros = first_loss({.batch = 32, .class_weight = {{1, 0.0}}});
  const double ones = first_loss({.batch = 32, .class_weight = {{0, 0.0}}});
  CHECK(zeros + ones == Approx(plain));
}

TEST_CASE("callbacks see each step and epoch, steer the rate and stop", "[train]") {
  const auto data = samples(48);
  auto model = network();
  Trainer trainer{model, RMSprop{.learning_rate = 1e-3}, BinaryCrossentropy{}};
  int begins = 0, steps = 0, epochs = 0, ends = 0;
  const History history = trainer.fit(data, {.batch = 16,
                                             .epochs = 10,
                                             .validation = data,
                                             .callbacks = {{.begin =
                                                                [&](FitState& s) {
                                                                  ++begins;
                                                                  CHECK(s.steps == 3);
                                                                },
                                                            .step =
                                                                [&](FitState& s) {
                                                                  ++steps;
                                                                  CHECK(s.samples == 16 * s.step);
                                                                },
                                                            .epoch =
                                                                [&](FitState& s) {
                                                                  ++epochs;
                                                                  CHECK(s.has_validation());
                                                                  CHECK(s.val_loss == s.history->val_loss.back());
                                                                  s.learning_rate *= 0.5;
                                                                  if (s.epoch == 3) s.stop = true;
                                                                },
                                                            .end = [&](FitState&) { ++ends; }}}});
  CHECK(begins == 1);
  CHECK(steps == 9);
  CHECK(epochs == 3);
  CHECK(ends == 1);
  CHECK(history.epochs() == 3);
  CHECK(trainer.optimizer().learning_rate() == Approx(1.25e-4));
}

TEST_CASE("fit refuses settings and data that cannot work, and says what to do", "[train]") {
  const auto data = samples(20);
  auto model = network();
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  const auto before = weights(model);
  CHECK_THROWS_WITH(trainer.fit(data, {.batch = 10, .epochs = 0}), Contains("epochs must be at least 1, got 0"));
  CHECK_THROWS_WITH(trainer.fit(data, {.batch = 0}), Contains("batch must be at least 1, got 0"));
  CHECK_THROWS_WITH(trainer.fit(samples(20, {10, 10, 3}), {.batch = 10}),
                    Contains("(None, 12, 12, 3)") && Contains("(None, 10, 10, 3)"));
  CHECK_THROWS_WITH(trainer.fit(samples(20, {12, 12, 3}, 1), {.batch = 10}), Contains("of one class"));
  CHECK_THROWS_WITH(trainer.fit(samples(21, {12, 12, 3}, 3), {.batch = 10}),
                    Contains("labels from 0 to 1") && Contains("SparseCategoricalCrossentropy"));
  const std::vector<float> few(3, 1.0f);
  CHECK_THROWS_WITH(trainer.fit(data, {.batch = 10, .sample_weight = few}), Contains("20 sample weights, got 3"));
  CHECK_THROWS_WITH(trainer.fit(data, {.batch = 10, .class_weight = {{1, -1.0}}}), Contains("class 1"));
  const std::vector<float> negative(20, -1.0f);
  CHECK_THROWS_WITH(trainer.fit(data, {.batch = 10, .sample_weight = negative}), Contains("at least 0, got -1"));
  CHECK_THROWS_WITH(trainer.fit(data, {.batch = 10, .steps_per_epoch = -1}), Contains("steps_per_epoch must be"));
  CHECK_THROWS_WITH(trainer.train_on_batch(Tensor<float>({2, 12, 11, 3}), Tensor<float>({2, 1})),
                    Contains("expected x (None, 12, 12, 3), got (2, 12, 11, 3)"));
  CHECK_THROWS_WITH(trainer.train_on_batch(Tensor<float>({2, 12, 12, 3}), Tensor<float>({3, 1})),
                    Contains("expected labels (2, 1), got (3, 1)"));
  model.set_trainable(false);
  CHECK_THROWS_WITH(trainer.fit(data, {.batch = 10}), Contains("every layer is frozen"));
  model.set_trainable(true);
  CHECK(weights(model) == before);
  CHECK_THROWS_WITH((Trainer{model, RMSprop{.learning_rate = -1}, BinaryCrossentropy{}}), Contains("learning_rate"));
  CHECK_THROWS_WITH((Trainer{model, RMSprop{.rho = 1}, BinaryCrossentropy{}}), Contains("rho"));
  CHECK_THROWS_WITH((Trainer{model, RMSprop{}, SparseCategoricalCrossentropy{}}.fit(data, {.batch = 10})),
                    Contains("(None, 1)") && Contains("softmax"));
}

TEST_CASE("a loss that is not finite stops training and names the step and the layer", "[train]") {
  const auto data = samples(32);
  SECTION("a weight is NaN") {
    auto model = network();
    model.layer("conv2d_1").parameters()[0].value[3] = std::numeric_limits<float>::quiet_NaN();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    CHECK_THROWS_AS(trainer.fit(data, {.batch = 16}), NumericsError);
    CHECK_THROWS_WITH(trainer.fit(data, {.batch = 16}), Contains("step 1;") && Contains("Conv2D \"conv2d_1\""));
  }
  SECTION("the values overflow") {
    auto model = network();
    for (float& w : model.layer("dense").parameters()[0].value.span()) w = 1e38f;
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    CHECK_THROWS_WITH(trainer.fit(data, {.batch = 16}), Contains("Dense \"dense\""));
  }
  SECTION("the data is not finite") {
    auto bad = Tensor<float>({4, 12, 12, 3});
    bad[100] = std::numeric_limits<float>::infinity();
    auto model = network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    const Tensor<float> labels({4, 1});
    CHECK_THROWS_WITH(trainer.train_on_batch(bad.view(), labels.view()), Contains("the batch itself"));
  }
}

TEST_CASE("weights that are not finite behind the last step end the epoch, and keep_best keeps those before",
          "[train][keep_best]") {
  Tensor<float> x = random_tensor<float>({8, 3}, 1, 1e12, 2e12);
  const data::InMemory data(std::move(x), std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1});
  Sequential<float> model{{3}, Dense{1}};
  Trainer trainer{model, SGD{.learning_rate = 0}, MeanSquaredError{}};
  const std::vector<float> before = weights(model);
  Callback too_fast;
  too_fast.epoch = [](FitState& s) { s.learning_rate = 1e30; };
  // One step an epoch: the loss of each is that of the weights before it.
  CHECK_THROWS_WITH(
      trainer.fit(data,
                  {.batch = 8, .epochs = 2, .callbacks = {keep_best(model, {.monitor = Monitor::loss}), too_fast}}),
      Contains("fit: after epoch 2 the kernel of Dense \"dense\" has a value that is not finite"));
  CHECK(weights(model) == before);
}

TEST_CASE("a weight that is infinite from the start, as it may be meant, does not end training", "[train]") {
  const data::InMemory data(random_tensor<float>({8, 3}, 1), std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1});
  Sequential<float> model{{3}, Dense{3, softmax}};
  model.initialize(1);
  const float never = -std::numeric_limits<float>::infinity();
  model.layers()[0]->parameters()[1].value[2] = never;  // class 2 is never the answer
  Trainer trainer{model, SGD{.learning_rate = 0.1}, SparseCategoricalCrossentropy{}};
  const History history = trainer.fit(data, {.batch = 8, .epochs = 3});
  CHECK(history.loss[2] < history.loss[0]);
  CHECK(model.layers()[0]->parameters()[1].value[2] == never);
}

TEST_CASE("a second fit goes on, a new trainer starts anew", "[train]") {
  const auto data = samples(32);
  auto together = network();
  Trainer one{together, RMSprop{}, BinaryCrossentropy{}};
  one.fit(data, {.batch = 16, .epochs = 2});
  auto apart = network();
  Trainer two{apart, RMSprop{}, BinaryCrossentropy{}};
  two.fit(data, {.batch = 16});
  two.fit(data, {.batch = 16});
  CHECK(weights(together) == weights(apart));
}

TEST_CASE("a batch that is larger than the data is as large as the data", "[train]") {
  const auto data = samples(20), few = samples(6);
  const auto fit = [&](FitOptions o, bool bits = true) {
    auto model = network();
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    std::int64_t most = 0;
    o.validation = few;
    o.callbacks.push_back({.step = [&](FitState& s) { most = std::max(most, s.samples); }});
    const History h = trainer.fit(data, o);
    CHECK(h.val_loss.size() == h.loss.size());
    CHECK(most == (o.steps_per_epoch ? 20 * o.steps_per_epoch : 20));
    return bits ? weights(model) : std::vector<float>{static_cast<float>(trainer.steps())};
  };
  const std::int64_t huge = std::int64_t{1} << 60;  // no memory is taken for it
  for (const std::int64_t prefetch : {0, 2})
    for (const std::int64_t per_epoch : {0, 3}) {
      const auto expected =
          fit({.batch = 20, .epochs = 2, .steps_per_epoch = per_epoch, .prefetch = prefetch, .validation_batch = 6});
      for (const std::int64_t batch : {std::int64_t{21}, std::int64_t{30}, huge})
        CHECK(fit({.batch = batch,
                   .epochs = 2,
                   .steps_per_epoch = per_epoch,
                   .prefetch = prefetch,
                   .validation_batch = batch}) == expected);
    }
  CHECK(fit({.batch = 30, .epochs = 2}, false)[0] == 2);
  CHECK(fit({.batch = 30, .epochs = 2, .steps_per_epoch = 3}, false)[0] == 6);

  // To a checkpoint, batches that are clipped alike are the same.
  const TemporaryFolder folder;
  const auto keep = [&](std::int64_t batch, std::int64_t epochs) {
    return fit({.batch = batch, .epochs = epochs, .checkpoint = checkpoint(folder / "c", {.resume = true})});
  };
  keep(30, 1);
  CHECK(keep(20, 2) == fit({.batch = 50, .epochs = 2}));
  CHECK_THROWS_WITH(keep(19, 3), Contains("batch"));
}
