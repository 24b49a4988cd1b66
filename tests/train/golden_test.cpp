// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <vector>

#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/golden_model.hpp"

using namespace brindle;
using namespace brindle::test;

TEMPLATE_TEST_CASE("25 steps of a small network end with the weights that Keras has", "[train][golden]", float,
                   double) {
  using T = TestType;
  const Golden golden("cnn.npz");
  for (const std::string& name : golden.cases()) {
    const auto cfg = golden.get<std::int64_t>(name + ".cfg");
    const auto batches = golden.get<std::int64_t>(name + ".batches");
    const std::int64_t side = cfg[0], batch = cfg[4], steps = cfg[5];
    const GoldenPictures<T> pictures(golden, name, 0, golden.get<float>(name + ".y").size());

    Sequential<T> model{Cpu{2},
                        {side, side, 3},
                        Conv2D{.filters = cfg[1], .kernel = 3, .activation = relu, .name = "conv1"},
                        MaxPool2D{2},
                        Conv2D{.filters = cfg[2], .kernel = 3, .activation = relu, .name = "conv2"},
                        MaxPool2D{2},
                        Flatten{},
                        Dense{.units = cfg[3], .activation = relu, .name = "dense1"},
                        Dense{.units = 1, .activation = sigmoid, .name = "dense2"}};
    set_weights(model, golden, name + ".init");
    const bool stream = GENERATE(true, false);
    Trainer trainer{model,
                    RMSprop{.learning_rate = golden.get<double>(name + ".lr")[0]},
                    BinaryCrossentropy{},
                    {.stream_gradients = stream}};

    std::vector<double> losses, accuracies;
    Tensor<T> x(model.input_shape().batch(batch));
    Tensor<float> y({batch, 1});
    for (std::int64_t step = 0; step < steps; ++step) {
      std::vector<data::Draw> draws;
      for (std::int64_t i = 0; i < batch; ++i) {
        draws.push_back({batches[step * batch + i], 0});
        y[i] = pictures.labels().data[draws.back().row];
      }
      pictures.read(model.device(), draws, x.view());
      if (step == 0) golden.check(name + ".prob0", model.predict(x), training_golden);
      const StepResult result = trainer.train_on_batch(x.view(), y.view());
      losses.push_back(result.loss);
      accuracies.push_back(result.accuracy);
      if (step == 0) check_weights(model, golden, name + ".step1");
    }
    golden.check(name + ".losses", vector_of<T>(losses), training_golden);
    golden.check(name + ".accuracies", vector_of<T>(accuracies), training_golden);
    check_weights(model, golden, name + ".final");
    golden.check(name + ".prob_final", model.predict(pictures.x()), training_golden);
  }
}

TEMPLATE_TEST_CASE("fit has Keras's epoch means, validation and short last batch", "[train][golden]", float, double) {
  using T = TestType;
  const Golden golden("fit.npz");
  REQUIRE(golden.cases().size() == 2);
  for (const std::string& name : golden.cases()) {
    const auto cfg = golden.get<std::int64_t>(name + ".cfg");
    const std::int64_t n = cfg[0], n_val = cfg[1], batch = cfg[2], epochs = cfg[3];
    const GoldenPictures<T> training(golden, name, 0, n), validation(golden, name, n, n + n_val);

    Sequential<T> model{
        Cpu{2},       {12, 12, 3}, Conv2D{.filters = 4, .kernel = 3, .activation = relu, .name = "conv1"},
        MaxPool2D{2}, Flatten{},   Dense{.units = 1, .activation = sigmoid, .name = "dense1"}};
    set_weights(model, golden, name + ".init");
    Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
    const History history = trainer.fit(
        training,
        {.batch = batch, .epochs = epochs, .shuffle = false, .validation = validation, .validation_batch = 4});
    golden.check(name + ".loss", vector_of<T>(history.loss), training_golden);
    golden.check(name + ".accuracy", vector_of<T>(history.accuracy), training_golden);
    golden.check(name + ".val_loss", vector_of<T>(history.val_loss), training_golden);
    golden.check(name + ".val_accuracy", vector_of<T>(history.val_accuracy), training_golden);
    check_weights(model, golden, name + ".final");

    const auto weights = golden.get<float>(name + ".weights_of_samples");
    const Evaluation e = trainer.evaluate(training, {.batch = batch, .sample_weight = weights.span()});
    golden.check(name + ".evaluate_loss", vector_of<T>({e.loss}), training_golden);
    golden.check(name + ".evaluate_accuracy", vector_of<T>({e.accuracy}), training_golden);
    golden.check(name + ".evaluate_weighted_accuracy", vector_of<T>({e.weighted_accuracy}), training_golden);
  }
}

TEMPLATE_TEST_CASE("a frozen base, then its second block set free, ends with the weights that Keras has",
                   "[train][golden]", float, double) {
  using T = TestType;
  const Golden golden("finetune.npz");
  for (const std::string& name : golden.cases()) {
    const auto cfg = golden.get<std::int64_t>(name + ".cfg");
    const std::int64_t side = cfg[0], frozen_steps = cfg[1], free_steps = cfg[2], batch = cfg[3];
    const GoldenPictures<T> pictures(golden, name, 0, golden.get<float>(name + ".y").size());

    Sequential<T> model{
        Cpu{2},
        {side, side, 3},
        Conv2D{.filters = 4, .kernel = 3, .activation = relu, .padding = Padding::same, .name = "block1_conv1"},
        MaxPool2D{2},
        Conv2D{.filters = 6, .kernel = 3, .activation = relu, .padding = Padding::same, .name = "block2_conv1"},
        MaxPool2D{2},
        Flatten{},
        Dense{.units = 8, .activation = relu, .name = "dense1"},
        Dense{.units = 1, .activation = sigmoid, .name = "dense2"}};
    set_weights(model, golden, name + ".init");
    const Tensor<T> block1 = model.layer("block1_conv1").parameters()[0].value.clone();

    std::vector<double> losses;
    const auto train = [&](double rate, std::int64_t first, std::int64_t steps) {
      Trainer trainer{model, RMSprop{.learning_rate = rate}, BinaryCrossentropy{}};
      for (std::int64_t k = first; k < first + steps; ++k)
        losses.push_back(trainer
                             .train_on_batch(pictures.x().slice(k * batch, (k + 1) * batch),
                                             pictures.labels().slice(k * batch, (k + 1) * batch))
                             .loss);
    };
    model.freeze_before("dense1");
    train(1e-3, 0, frozen_steps);
    check_weights(model, golden, name + ".frozen");
    model.freeze_before("block2_conv1");
    train(1e-4, frozen_steps, free_steps);
    check_weights(model, golden, name + ".final");
    golden.check(name + ".losses", vector_of<T>(losses), training_golden);
    CHECK(same_bits(block1, model.layer("block1_conv1").parameters()[0].value));
  }
}
