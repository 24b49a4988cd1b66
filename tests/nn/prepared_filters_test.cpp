// SPDX-License-Identifier: MIT
// Filters that a model prepares once, because its weights are fixed: Model::fix_weights().
#include "brindle/nn/prepared_filters.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/report/kernels.hpp"
#include "brindle/report/summary.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

// Every layer with filters, by every kernel: 7x7, 1x1, Winograd, strides, dilation, groups, with a pool behind, apart.
const auto every_kernel = [](auto x) {
  x = x.then(ZeroPadding2D{3}, Conv2D{.filters = 16, .kernel = 7, .stride = 2}, BatchNormalization{}, ReLU{});
  const auto block = [](auto in, std::int64_t filters, Size2 stride) {
    auto y = in.then(Conv2D{.filters = filters, .kernel = 1}, BatchNormalization{}, ReLU{},
                     Conv2D{.filters = filters, .kernel = 3, .stride = stride, .padding = Padding::same},
                     BatchNormalization{}, ReLU{}, Conv2D{.filters = 2 * filters, .kernel = 1}, BatchNormalization{});
    return (in.then(Conv2D{.filters = 2 * filters, .kernel = 1, .stride = stride}) + y).then(ReLU{});
  };
  x = block(block(x, 12, 1), 16, 2);
  auto y = x.then(Conv2D{.filters = 96, .kernel = 1}, BatchNormalization{}, ReLU{.max_value = 6},
                  DepthwiseConv2D{.kernel = 3, .padding = Padding::same}, BatchNormalization{}, Activation{silu},
                  Conv2D{.filters = 32, .kernel = 1}, BatchNormalization{});
  x = x + y;
  x = x.then(Conv2D{.filters = 16, .kernel = 3, .activation = relu, .padding = Padding::same}, MaxPooling2D{2},
             Conv2D{.filters = 18, .kernel = 3, .padding = Padding::same, .dilation = 2},
             Conv2D{.filters = 24, .kernel = 3, .padding = Padding::same, .groups = 3},
             SeparableConv2D{.filters = 40, .kernel = 3, .activation = silu, .padding = Padding::same});
  return x.then(Flatten{}, Dense{7, relu}, Dense{3, softmax});
};

const Shape input{30, 30, 3};

Model<float> made(int threads = 2, std::uint64_t seed = 3) {
  Model<float> model(Cpu(threads), input, every_kernel);
  model.initialize(seed);
  return model;
}

// A small row, to be trained and changed: a base that Conv2D "first" belongs to, and a head.
Sequential<float> row(const Cpu& on = Cpu(2)) {
  Sequential<float> model(on, {10, 10, 3}, Conv2D{.filters = 16, .kernel = 3, .activation = relu, .name = "first"},
                          Conv2D{.filters = 20, .kernel = 3, .activation = relu, .name = "second"}, MaxPooling2D{2},
                          Flatten{}, Dense{1, sigmoid});
  model.initialize(8);
  return model;
}

Tensor<float> small_pictures(std::int64_t n) { return random_tensor<float>({n, 10, 10, 3}, 4); }

// What a row with these weights predicts that has never prepared anything.
Tensor<float> unprepared(const Model<float>& model, const Tensor<float>& x) {
  Sequential<float> other = row();
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const Layer<float, Cpu>& from = *model.layers()[i];
    for (std::size_t p = 0; p < from.parameters().size(); ++p)
      other.layers()[i]->parameters()[p].value = from.parameters()[p].value.clone();
  }
  Tensor<float> y = other.predict(x);
  REQUIRE(other.prepared_bytes() == 0);
  return y;
}

}  // namespace

TEST_CASE("a model with fixed weights predicts the bits of one without, for all batches and numbers of threads",
          "[nn][prepared]") {
  for (const std::int64_t n : {1, 2, 33}) {
    const Tensor<float> x = random_tensor<float>(input.batch(n), 5);
    const Tensor<float> expected = made().predict(x, 33);
    const Tensor<float> one_by_one = made().predict(x, 1);  // Dense sums few samples in another order
    for (const int threads : {1, 2, 3}) {
      Model<float> model = made(threads);
      CHECK(model.prepared_bytes() == 0);
      model.fix_weights();
      CHECK(model.prepared_bytes() == 0);  // before the first prediction
      CHECK(same_bits(model.predict(x, 33), expected));
      const std::int64_t bytes = model.prepared_bytes();
      CHECK(bytes > 0);
      CHECK(same_bits(model.predict(x, 33), expected));  // by what the first one prepared
      CHECK(same_bits(model.predict(x, 1), one_by_one));
      CHECK(same_bits(model.predict(x, 2), made().predict(x, 2)));
      CHECK(model.prepared_bytes() == bytes);  // one for all batches
    }
  }
}

TEST_CASE("a model of doubles prepares its filters, too", "[nn][prepared]") {
  Model<double> model(Cpu(2), input, every_kernel);
  const Tensor<double> x = random_tensor<double>(input.batch(2), 5);
  const Tensor<double> expected = model.predict(x);
  model.fix_weights();
  CHECK(same_bits(model.predict(x), expected));
  CHECK(same_bits(model.predict(x), expected));
  CHECK(model.prepared_bytes() > 0);
}

TEST_CASE("a folded model has fixed weights, also where it is moved and stands in front of other layers",
          "[nn][prepared]") {
  const Tensor<float> x = random_tensor<float>(input.batch(2), 5);
  Model<float> small = folded(made());
  const Tensor<float> expected = small.predict(x);
  const std::int64_t bytes = small.prepared_bytes();
  CHECK(bytes > 4 * 20000);
  Model<float> moved = std::move(small);
  CHECK(moved.prepared_bytes() == bytes);
  CHECK(same_bits(moved.predict(x), expected));
  CHECK(moved.prepared_bytes() == bytes);
  Model<float> assigned({4});
  assigned = std::move(moved);
  CHECK(same_bits(assigned.predict(x), expected));
  Sequential<float> longer{std::move(assigned), Dense{2}};
  CHECK(longer.predict(x).shape() == Shape{2, 2});
  CHECK(longer.prepared_bytes() == bytes);
}

TEST_CASE("plans of a model share what is prepared, and it is freed with the last of them", "[nn][prepared]") {
  Model<float> model = made();
  model.fix_weights();
  const Plan<float, Cpu> one(model.device(), model.graph(), {.batch = 1});
  CHECK(model.prepared_bytes() == one.prepared_bytes());
  {
    const Plan<float, Cpu> two(model.device(), model.graph(), {.batch = 9});
    CHECK(two.prepared_bytes() == one.prepared_bytes());
    CHECK(model.prepared_bytes() == one.prepared_bytes());
    const Plan<float, Cpu> apart(model.device(), model.graph(), {.layer_by_layer = true});
    CHECK(model.prepared_bytes() > one.prepared_bytes());  // the convolution without its pool
  }
  // All layers learn in this one, so that nothing is prepared.
  CHECK(Plan<float, Cpu>(model.device(), model.graph(), {.training = true, .backward = true}).prepared_bytes() == 0);
  const std::weak_ptr<detail::PreparedFilters<float, Cpu>> filters = model.graph().prepared;
  CHECK_FALSE(filters.expired());
  { const Model<float> gone = std::move(model); }
  CHECK_FALSE(filters.expired());  // the plan's
}

TEST_CASE("a model whose weights change after a prediction predicts with the new ones, whoever changes them",
          "[nn][prepared]") {
  const Tensor<float> x = small_pictures(5);
  Sequential<float> model = row();
  model.fix_weights();
  const Tensor<float> before = model.predict(x);
  const std::int64_t bytes = model.prepared_bytes();
  CHECK(bytes > 0);
  const auto check_changed = [&] {
    const Tensor<float> after = model.predict(x);
    CHECK_FALSE(same_bits(after, before));
    CHECK(same_bits(after, unprepared(model, x)));
    CHECK(same_bits(after, model.predict(x)));
  };

  SECTION("a parameter of layers()") {
    model.layers()[1]->parameters()[0].value[7] += 1;
    check_changed();
    CHECK(model.prepared_bytes() > 0);  // the other layer's
    CHECK(model.prepared_bytes() < bytes);
    model.layers()[0]->parameters()[0].value[7] += 1;
    check_changed();
    CHECK(model.prepared_bytes() == 0);
  }
  SECTION("a parameter of layer()") {
    model.layer("first").parameters()[0].value = random_tensor<float>({3, 3, 3, 16}, 6);
    check_changed();
  }
  SECTION("a reference that was asked for after fix_weights(), and is used later and again") {
    auto& kernel = model.layer("second").parameters()[0].value;
    CHECK(same_bits(model.predict(x), before));
    kernel[3] += 1;
    check_changed();
    kernel[4] += 1;
    check_changed();
  }
  SECTION("initialize()") {
    model.initialize(9);
    check_changed();
    CHECK(model.prepared_bytes() == 0);
  }
  SECTION("initialize() of a part") {
    model.initialize(9, "second");
    check_changed();
  }
  SECTION("load_weights()") {
    const TemporaryFolder folder;
    Sequential<float> other = row();
    other.initialize(77);
    io::save_model(other, folder.path() / "other.safetensors");
    io::load_weights(model, folder.path() / "other.safetensors");
    check_changed();
    CHECK(same_bits(model.predict(x), other.predict(x)));
  }
  SECTION("a layer that is put behind") {
    model.add(Dense{.units = 1, .activation = ActivationFunction::tanh});
    CHECK_FALSE(same_bits(model.predict(x), before));
    CHECK(model.prepared_bytes() == bytes);
  }
  SECTION("and after they were fixed again") {
    model.layers()[1]->parameters()[0].value[7] += 1;
    model.fix_weights();
    check_changed();
    CHECK(model.prepared_bytes() == bytes);
  }
}

TEST_CASE(
    "a trainer's steps change what a model with fixed weights predicts, and its own predictions and frozen layers",
    "[nn][prepared]") {
  const Tensor<float> x = small_pictures(5);
  Tensor<float> labels({5, 1});
  for (std::int64_t i = 0; i < 5; ++i) labels[i] = static_cast<float>(i % 2);
  const data::InMemory source(x.clone(), labels.clone(), {"a", "b"});
  const auto trained = [&](bool fixed, bool frozen) {
    Sequential<float> model = row();
    if (frozen) model.freeze_before("second");
    if (fixed) model.fix_weights();
    model.predict(x);
    Trainer trainer(model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{});
    std::vector<Tensor<float>> seen;
    for (int i = 0; i < 3; ++i) {
      trainer.train_on_batch(x, labels);
      seen.push_back(model.predict(x));
      seen.push_back(trainer.predict(source));
      if (fixed && frozen && i == 2) {
        CHECK(model.prepared_bytes() > 0);  // "first"
        model.layers()[0]->parameters()[0].value[5] += 1;
      } else if (frozen && i == 2) {
        model.layers()[0]->parameters()[0].value[5] += 1;
      }
    }
    trainer.train_on_batch(x, labels);
    seen.push_back(model.predict(x));
    return seen;
  };
  for (const bool frozen : {false, true}) {
    const auto with = trained(true, frozen), without = trained(false, frozen);
    for (std::size_t i = 0; i < with.size(); ++i) CHECK(same_bits(with[i], without[i]));
    CHECK_FALSE(same_bits(with[0], with[2]));
  }
}

TEST_CASE("first predictions of several threads prepare the filters once", "[nn][prepared]") {
  const Tensor<float> x = random_tensor<float>(input.batch(3), 5);
  Model<float> model = made();
  const Tensor<float> expected = model.predict(x);
  model.fix_weights();
  std::vector<Tensor<float>> results(4);
  std::vector<std::thread> threads;
  for (Tensor<float>& y : results) threads.emplace_back([&] { y = model.predict(x); });
  for (std::thread& t : threads) t.join();
  for (const Tensor<float>& y : results) CHECK(same_bits(y, expected));
  Model<float> alone = made();
  alone.fix_weights();
  alone.predict(x);
  CHECK(model.prepared_bytes() == alone.prepared_bytes());
}

TEST_CASE("to look at a model leaves its prepared filters", "[nn][prepared]") {
  const TemporaryFolder folder;
  const Tensor<float> x = small_pictures(2);
  Sequential<float> model = row();
  model.fix_weights();
  model.predict(x);
  const std::int64_t bytes = model.prepared_bytes();
  const auto fixed = [&] {
    std::uint64_t number = 1;
    for (const auto& layer : model.layers()) number = layer->fixed_parameters() == 0 ? 0 : number;
    return number != 0;
  };
  io::save_model(model, folder.path() / "model.safetensors");
  CHECK(report::summary(model).size() > 0);
  CHECK(report::kernels(model, 2).size() > 0);
  model.set_trainable(false);
  CHECK(fixed());
  model.predict(x);
  CHECK(model.prepared_bytes() == bytes);
}

TEST_CASE("the list of kernels says what is prepared once", "[nn][prepared]") {
  Sequential<float> model = row();
  CHECK_THAT(report::kernels(model), !Contains("prepared"));
  model.fix_weights();
  const std::string text = report::kernels(model);
  CHECK_THAT(text, Contains("filters prepared once, in "));
  model.predict(small_pictures(1));
  CHECK(report::kernels(model) == text);
}

TEST_CASE("keep_best leaves the prepared filters of layers that did not learn", "[nn][prepared][keep_best]") {
  Sequential<float> model = row();
  for (const char* name : {"first", "second"}) model.layer(name).trainable = false;
  model.fix_weights();
  const Tensor<float> x = small_pictures(8);
  model.predict(x);
  const std::int64_t before = model.prepared_bytes();
  REQUIRE(before > 0);
  const data::InMemory data(x.clone(), std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1});
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  trainer.fit(data, {.batch = 4, .epochs = 2, .callbacks = {keep_best(model, {.monitor = Monitor::loss})}});
  CHECK(model.prepared_bytes() == before);
  CHECK(same_bits(model.predict(x), unprepared(model, x)));
}
