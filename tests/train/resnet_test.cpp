// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "brindle/brindle.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/golden_model.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// The network of goldens/make_resnet.py.
template <class T>
Model<T> residual_golden_network(const Cpu& on) {
  const auto conv = [](std::int64_t filters, Size2 kernel, Size2 stride, const char* name) {
    return Conv2D{.filters = filters,
                  .kernel = kernel,
                  .stride = stride,
                  .padding = Padding::same,
                  .use_bias = false,
                  .name = name};
  };
  return Model<T>(on, {12, 12, 3}, [&](auto x) {
    x = x.then(conv(8, 3, 1, "stem"), BatchNormalization{.momentum = 0.9, .name = "stem_bn"}, ReLU{});
    auto y = x.then(conv(8, 3, 1, "a1"), BatchNormalization{.momentum = 0.9, .name = "a1_bn"}, ReLU{.max_value = 6},
                    conv(8, 3, 1, "a2"), BatchNormalization{.momentum = 0.9, .epsilon = 1e-5, .name = "a2_bn"});
    x = x + y;
    y = x.then(conv(12, 3, 2, "b1"), BatchNormalization{.momentum = 0.8, .scale = false, .name = "b1_bn"}, ReLU{},
               DepthwiseConv2D{.kernel = 3, .padding = Padding::same, .use_bias = false, .name = "b2"},
               BatchNormalization{.momentum = 0.8, .center = false, .name = "b2_bn"});
    x = x.then(conv(12, 1, 2, "skip"), BatchNormalization{.name = "skip_bn"});
    return (y + x).then(ReLU{}, GlobalAveragePooling2D{}, Dense{.units = 1, .activation = sigmoid, .name = "head"});
  });
}

template <class T>
Tensor<T> train_golden(Model<T>& model, const Golden& golden, std::int64_t first, std::int64_t steps) {
  const Tensor<T> x = golden.get<T>("run.x");
  const Tensor<float> y = golden.get<float>("run.y");
  Trainer trainer{model, SGD{.learning_rate = 0.1, .momentum = 0.5}, BinaryCrossentropy{}};
  Tensor<T> losses({steps});
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t begin = 6 * (first + i);
    losses[i] =
        static_cast<T>(trainer.train_on_batch(x.view().slice(begin, begin + 6), y.view().slice(begin, begin + 6)).loss);
  }
  return losses;
}

}  // namespace

TEMPLATE_TEST_CASE("a residual network with batch normalization trains step by step as Keras's does", "[train][golden]",
                   float, double) {
  using T = TestType;
  const Golden golden("resnet.npz");
  Model<T> model = residual_golden_network<T>(Cpu{2});
  set_weights(model, golden, "init");
  const Tensor<T> samples = golden.get<T>("run.x");
  golden.check("all.loss", train_golden(model, golden, 0, 10), training_golden);
  check_weights(model, golden, "all");
  golden.check("all.predicted", model.predict(samples.view().slice(0, 8)), training_golden);

  // A frozen layer takes its moving averages, which stand still.
  model.freeze_before("b1");
  golden.check("frozen.loss", train_golden(model, golden, 10, 5), training_golden);
  check_weights(model, golden, "frozen");
  golden.check("frozen.predicted", model.predict(samples.view().slice(0, 8)), training_golden);
}

TEST_CASE("a residual network with batch normalization has the same bits for 1, 2 and 3 threads", "[train]") {
  const Golden golden("resnet.npz");
  std::vector<Tensor<float>> all;
  for (const int threads : {1, 2, 3}) {
    Model<float> model = residual_golden_network<float>(Cpu{threads});
    set_weights(model, golden, "init");
    all.push_back(train_golden(model, golden, 0, 10));
    for (const auto& layer : model.layers())
      for (const auto& p : layer->parameters()) all.push_back(p.value.clone());
  }
  const std::size_t each = all.size() / 3;
  for (std::size_t i = 0; i < each; ++i) {
    CHECK(same_bits(all[i], all[each + i]));
    CHECK(same_bits(all[i], all[2 * each + i]));
  }
}

TEST_CASE("a step whose loss is not finite leaves the moving averages as they were", "[train]") {
  Model<float> model{{4, 4, 3}, [](auto x) { return x.then(BatchNormalization{}, Flatten{}, Dense{1, sigmoid}); }};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  Tensor<float> x = random_tensor<float>({2, 4, 4, 3}, 1, 0, 1), y({2, 1});
  trainer.train_on_batch(x, y);
  const Tensor<float> mean = model.layer("batch_normalization").parameters()[2].value.clone();
  CHECK(mean[0] != 0);
  for (float& w : model.layer("dense").parameters()[0].value.span()) w = 3e38f;
  CHECK_THROWS_AS(trainer.train_on_batch(x, y), NumericsError);
  CHECK(same_bits(model.layer("batch_normalization").parameters()[2].value, mean));
}

TEST_CASE("a group for inference keeps its moving averages and still learns", "[train]") {
  const auto base = [] {
    Model<float> b{{4, 4, 3}, [](auto x) { return x.then(Conv2D{4, 3}, BatchNormalization{}, Dropout{0.5}); }};
    b.set_name("base");
    return b;
  };
  Sequential<float> model{base(), Flatten{}, Dense{1, sigmoid}};
  model.set_inference("base", true);
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  Tensor<float> x = random_tensor<float>({3, 4, 4, 3}, 1, 0, 1), y({3, 1});
  const Tensor<float> predicted = model.predict(x);
  const double loss = trainer.train_on_batch(x, y).loss;
  double expected = 0;
  for (std::int64_t i = 0; i < 3; ++i) expected -= std::log(1 - static_cast<double>(predicted[i])) / 3;
  CHECK(loss == Approx(expected).epsilon(1e-5));
  const auto& p = model.layer("batch_normalization").parameters();
  CHECK(p[2].value[0] == 0);
  CHECK(p[3].value[0] == 1);
  CHECK(p[0].value[0] != 1);
  CHECK_THROWS_WITH(model.set_inference("other", true), Catch::Contains("no group of layers named \"other\""));
}
