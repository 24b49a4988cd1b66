// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/io/definitions.hpp"
#include "brindle/io/features.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/saved_model.hpp"
#include "cuda/gpu.hpp"
#include "support/golden_model.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// Pictures of two or three classes that a small network can tell apart: each class is bright in a corner of its own.
data::InMemory corners(std::int64_t n, std::int64_t classes, std::uint64_t seed) {
  Tensor<float> x = random_tensor<float>({n, 12, 12, 3}, seed, 0, 0.5), labels({n, 1});
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t c = i % classes;
    labels[i] = static_cast<float>(c);
    for (std::int64_t r = 0; r < 4; ++r)
      for (std::int64_t k = 0; k < 12; ++k) x[((i * 12 + r + 8 * (c % 2)) * 12 + 8 * (c / 2)) * 3 + k] += 0.5f;
  }
  return data::InMemory(std::move(x), std::move(labels));
}

template <class Device>
auto network(const Device& on, std::int64_t classes) {
  Sequential model{on,
                   Shape{12, 12, 3},
                   Conv2D{8, 3, relu},
                   MaxPool2D{2},
                   Conv2D{8, 3, relu, 1, Padding::same},
                   Flatten{},
                   Dropout{0.2},
                   Dense{16, relu},
                   classes == 2 ? Dense{1, sigmoid} : Dense{classes, softmax}};
  model.initialize(3);
  return model;
}

template <class Device>
std::vector<Tensor<float>> weights(const Model<float, Device>& model) {
  std::vector<Tensor<float>> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.push_back(p.value.template to<Cpu>());
  return all;
}

struct Run {
  History history;
  std::vector<Tensor<float>> weights;
  Evaluation evaluation;
  Tensor<float> predicted;
};

/// fit, evaluate and predict with a short last batch, class weights and a learning rate that changes.
template <class OptimizerValue, class Device>
Run run(const Device& on, const OptimizerValue& optimizer, std::int64_t classes, FitOptions options = {},
        TrainerOptions updates = {}, double l2 = 0) {
  updates.seed = 11;
  const data::InMemory training = corners(22, classes, 1), holdout = corners(9, classes, 2);
  auto model = network(on, classes);
  model.set_l2(l2);
  options.batch = 8;
  options.epochs = 4;
  options.validation = holdout;
  options.callbacks.push_back({.epoch = [](FitState& s) { s.learning_rate *= 0.9; }});
  Run r;
  const auto train = [&](auto&& loss) {
    Trainer trainer{model, optimizer, loss, updates};
    r.history = trainer.fit(training, options);
    r.evaluation = trainer.evaluate(holdout, {.batch = 4});
    r.predicted = trainer.predict(holdout, 4);
  };
  if (classes == 2)
    train(BinaryCrossentropy{});
  else
    train(SparseCategoricalCrossentropy{});
  r.weights = weights(model);
  return r;
}

void check_run(const Run& got, const Run& expected, double share) {
  for (std::size_t e = 0; e < expected.history.epochs(); ++e) {
    INFO("epoch " << e);
    CHECK(got.history.loss[e] == Approx(expected.history.loss[e]).epsilon(share));
    CHECK(got.history.accuracy[e] == Approx(expected.history.accuracy[e]).margin(0.05));
    CHECK(got.history.val_loss[e] == Approx(expected.history.val_loss[e]).epsilon(share));
  }
  CHECK(got.evaluation.loss == Approx(expected.evaluation.loss).epsilon(share));
  check_close("predicted", got.predicted, expected.predicted, share);
  REQUIRE(got.weights.size() == expected.weights.size());
  for (std::size_t i = 0; i < expected.weights.size(); ++i)
    check_close("weights " + std::to_string(i), got.weights[i], expected.weights[i], share);
}

}  // namespace

TEST_CASE("a training run on the GPU is the processor's, with every optimizer and loss", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const std::int64_t classes = GENERATE(2, 3);
  check_run(run(Cuda{}, SGD{.learning_rate = 0.05, .momentum = 0.9}, classes),
            run(Cpu{1}, SGD{.learning_rate = 0.05, .momentum = 0.9}, classes), 1e-3);
  check_run(run(Cuda{}, RMSprop{.learning_rate = 1e-3, .momentum = 0.5, .centered = true}, classes),
            run(Cpu{1}, RMSprop{.learning_rate = 1e-3, .momentum = 0.5, .centered = true}, classes), 1e-2);
  check_run(run(Cuda{}, Adam{}, classes), run(Cpu{1}, Adam{}, classes), 1e-2);
  const FitOptions weighted{.class_weight = {{0, 0.5}, {1, 2.0}}};
  check_run(run(Cuda{}, SGD{.learning_rate = 0.05}, classes, weighted),
            run(Cpu{1}, SGD{.learning_rate = 0.05}, classes, weighted), 1e-3);
}

TEST_CASE("clipped and accumulated gradients and averaged weights on the GPU are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const TrainerOptions all[] = {
      {.clipvalue = 0.01},
      {.clipnorm = 0.05},
      {.global_clipnorm = 0.1},
      {.global_clipnorm = 0.1, .gradient_accumulation_steps = 2, .use_ema = true, .ema_momentum = 0.9},
      {.use_ema = true, .ema_momentum = 0.5, .ema_overwrite_frequency = 3, .swap_ema_weights = true}};
  const SGD optimizer{.learning_rate = 0.05, .momentum = 0.9};
  for (const TrainerOptions& updates : all) {
    INFO(detail::UpdateRules(updates).text());
    const Run recorded = run(Cuda{}, optimizer, 3, {}, updates);
    check_run(recorded, run(Cpu{1}, optimizer, 3, {}, updates), 1e-3);
    const Run again = run(Cuda{Cuda::Options{.record_steps = false}}, optimizer, 3, {}, updates);
    for (std::size_t i = 0; i < recorded.weights.size(); ++i) CHECK(same_bits(recorded.weights[i], again.weights[i]));
  }
}

TEST_CASE("rates by layer and L2 penalties on the GPU are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const std::vector<LayerRate> rates{{"conv2d", 0.1}, {"conv2d_1", 0}, {"dense_1", 2}};
  const auto same = [&](const auto& optimizer, double l2, double share) {
    const LayerRates by_layer{optimizer, rates};
    check_run(run(Cuda{}, by_layer, 3, {}, {}, l2), run(Cpu{1}, by_layer, 3, {}, {}, l2), share);
  };
  same(SGD{.learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.1}, 0, 1e-3);
  same(RMSprop{.learning_rate = 1e-3}, 0, 1e-2);
  same(AdamW{.weight_decay = 0.1}, 0, 1e-2);
  same(SGD{.learning_rate = 0.05}, 0.01, 1e-3);
  const Run recorded = run(Cuda{}, SGD{.learning_rate = 0.05}, 2, {}, {}, 0.02);
  check_run(recorded, run(Cpu{1}, SGD{.learning_rate = 0.05}, 2, {}, {}, 0.02), 1e-3);
  CHECK(recorded.history.loss[0] > run(Cuda{}, SGD{.learning_rate = 0.05}, 2).history.loss[0] + 0.01);
}

TEST_CASE("recorded steps have the bits of steps that are not", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Run recorded = run(Cuda{}, Adam{}, 3);
  const Run plain = run(Cuda(Cuda::Options{.record_steps = false}), Adam{}, 3);
  const Run again = run(Cuda{}, Adam{}, 3);
  for (std::size_t i = 0; i < recorded.weights.size(); ++i) {
    CHECK(same_bits(recorded.weights[i], plain.weights[i]));
    CHECK(same_bits(recorded.weights[i], again.weights[i]));
  }
  CHECK(recorded.history.loss == plain.history.loss);
}

TEST_CASE("tensor cores train nearly what the processor trains", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Precision precision = GENERATE(Precision::tf32, Precision::bf16);
  const Run got = run(Cuda(Cuda::Options{.precision = precision}), SGD{.learning_rate = 0.05}, 2);
  const Run expected = run(Cpu{1}, SGD{.learning_rate = 0.05}, 2);
  CHECK(got.history.loss[3] == Approx(expected.history.loss[3]).epsilon(precision == Precision::tf32 ? 0.02 : 0.1));
}

TEST_CASE("25 steps of a small network on the GPU end with the weights that Keras has", "[cuda][golden]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Golden golden("cnn.npz");
  for (const std::string& name : golden.cases()) {
    const auto cfg = golden.get<std::int64_t>(name + ".cfg");
    const auto batches = golden.get<std::int64_t>(name + ".batches");
    const std::int64_t side = cfg[0], batch = cfg[4], steps = cfg[5];
    const GoldenPictures<float> pictures(golden, name, 0, golden.get<float>(name + ".y").size());
    Sequential model{Cuda{},
                     Shape{side, side, 3},
                     Conv2D{.filters = cfg[1], .kernel = 3, .activation = relu, .name = "conv1"},
                     MaxPool2D{2},
                     Conv2D{.filters = cfg[2], .kernel = 3, .activation = relu, .name = "conv2"},
                     MaxPool2D{2},
                     Flatten{},
                     Dense{.units = cfg[3], .activation = relu, .name = "dense1"},
                     Dense{.units = 1, .activation = sigmoid, .name = "dense2"}};
    for (const auto& layer : model.layers())
      for (auto& p : layer->parameters())
        p.value = golden.get<float>(name + ".init." + layer->name + "." + p.name).to<Cuda>();
    Trainer trainer{model, RMSprop{.learning_rate = golden.get<double>(name + ".lr")[0]}, BinaryCrossentropy{}};
    std::vector<double> losses;
    Tensor<float> x(model.input_shape().batch(batch)), y({batch, 1});
    for (std::int64_t step = 0; step < steps; ++step) {
      std::vector<data::Draw> draws;
      for (std::int64_t i = 0; i < batch; ++i) {
        draws.push_back({batches[step * batch + i], 0});
        y[i] = pictures.labels().data[draws.back().row];
      }
      pictures.read(Cpu{1}, draws, x.view());
      losses.push_back(trainer.train_on_batch(x.view(), y.view()).loss);
    }
    golden.check(name + ".losses", vector_of<float>(losses), training_golden);
    for (const auto& layer : model.layers())
      for (const auto& p : layer->parameters())
        golden.check(name + ".final." + layer->name + "." + p.name, p.value.to<Cpu>(), training_golden);
  }
}

TEST_CASE("a model trained on one device is saved and loaded on the other", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const TemporaryFolder folder;
  const Cuda on;
  const auto there = network(on, 3);
  io::save_model(there, folder / "m.safetensors", {.class_names = {"a", "b", "c"}});
  const auto here = io::load_model(folder / "m.safetensors");
  CHECK(here.info.class_names.size() == 3);
  const auto back = io::load_model(folder / "m.safetensors", on);
  for (const auto& [a, b] :
       {std::pair{weights(there), weights(here.model)}, std::pair{weights(there), weights(back.model)}})
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(same_bits(a[i], b[i]));

  auto other = network(on, 3);
  other.initialize(99);
  io::load_weights(other, folder / "m.safetensors");
  const data::InMemory samples = corners(7, 3, 4);
  const auto features = io::extract(other, samples, {.batch = 3, .cache = folder / "f.safetensors"});
  const auto expected = io::extract(here.model, samples, {.batch = 3});
  check_close("features", features.x, expected.x, 2e-5);
  CHECK(io::extract(here.model, samples, {.batch = 3, .cache = folder / "f.safetensors"}).from_cache);
}

TEST_CASE("a model that Keras saved predicts on the GPU what it predicts on the processor", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const std::string path = std::string(BRINDLE_GOLDENS) + "/weights/tiny_seq_keras2.h5";
  const auto here = io::load_keras(path, {}, Cpu{1});
  const auto there = io::load_keras(path, {}, Cuda{});
  const Tensor<float> x = random_tensor<float>(here.input_shape().batch(3), 12, 0, 1);
  check_gpu("predicted", there.predict(on_gpu(x)), here.predict(x));
}

TEST_CASE("what is frozen keeps its bits on the GPU", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  auto model = network(Cuda{}, 2);
  model.freeze_before("dense");
  const auto before = weights(model);
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  trainer.fit(corners(16, 2, 5), {.batch = 8, .epochs = 3});
  const auto after = weights(model);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(same_bits(before[i], after[i]) == (i < 4));
}

TEST_CASE("weights that are replaced between steps are the ones that train on", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const data::InMemory samples = corners(8, 2, 6);
  auto model = network(on, 2);
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  trainer.fit(samples, {.batch = 8, .epochs = 3});
  auto& kernel = model.layer("dense").parameters()[0].value;
  Tensor<float> zeros(kernel.shape());
  auto old = std::move(kernel);
  kernel = zeros.to<Cuda>();
  const Tensor<float> old_before = old.to<Cpu>();
  trainer.fit(samples, {.batch = 8, .epochs = 2});
  CHECK(same_bits(old.to<Cpu>(), old_before));
  CHECK_FALSE(same_bits(kernel.to<Cpu>(), zeros));
}

TEST_CASE("an evaluation of larger batches leaves recorded steps right", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const data::InMemory samples = corners(24, 3, 9);
  const auto train = [&](const auto& on) {
    auto model = network(on, 3);
    Trainer trainer{model, SGD{.learning_rate = 0.05}, SparseCategoricalCrossentropy{}};
    for (int round = 0; round < 3; ++round) {
      trainer.fit(samples, {.batch = 4, .epochs = 1});
      trainer.evaluate(samples, {.batch = 8 * (round + 1)});
      const Tensor<float, Cuda> taken({12});  // takes the place of what was given back
      static_cast<void>(taken);
    }
    return weights(model);
  };
  const auto got = train(Cuda{}), expected = train(Cpu{1});
  for (std::size_t i = 0; i < expected.size(); ++i)
    check_close("weights " + std::to_string(i), got[i], expected[i], 1e-3);
}

TEST_CASE("a loss that is no number ends training on the GPU, too", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  Tensor<float> x = random_tensor<float>({8, 12, 12, 3}, 7), labels({8, 1});
  for (std::int64_t i = 0; i < 8; ++i) labels[i] = static_cast<float>(i % 2);
  for (float& v : x.span()) v *= 1e30f;
  auto model = network(Cuda{}, 2);
  Trainer trainer{model, SGD{.learning_rate = 1e20}, BinaryCrossentropy{}};
  const data::InMemory samples(std::move(x), std::move(labels));
  CHECK_THROWS_AS(trainer.fit(samples, {.batch = 8, .epochs = 9}), NumericsError);
}

TEST_CASE("the best weights come back at the end of training on the GPU", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const data::InMemory samples = corners(16, 2, 8);
  auto model = network(Cuda{}, 2);
  Trainer trainer{model, SGD{.learning_rate = 0.05}, BinaryCrossentropy{}};
  const History history = trainer.fit(samples, {.batch = 8,
                                                .epochs = 5,
                                                .validation = samples,
                                                .callbacks = {keep_best(model, {.monitor = Monitor::val_loss})}});
  const double best = *std::min_element(history.val_loss.begin(), history.val_loss.end());
  CHECK(trainer.evaluate(samples, {.batch = 8}).loss == Approx(best));
}
