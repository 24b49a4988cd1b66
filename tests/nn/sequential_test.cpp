// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

Sequential<float> baseline() {
  return Sequential<float>{{150, 150, 3},    Conv2D{16, 3, relu},  MaxPool2D{2}, Conv2D{64, 3, relu},
                           MaxPool2D{2},     Conv2D{128, 3, relu}, MaxPool2D{2}, Flatten{},
                           Dense{512, relu}, Dense{1, sigmoid}};
}

}  // namespace

TEST_CASE("the baseline has the shapes and parameters of the walkthrough", "[nn][sequential]") {
  const auto model = baseline();
  CHECK(model.parameter_count() == 19'024'513);
  CHECK(model.output_shape(0) == Shape{148, 148, 16});
  CHECK(model.output_shape(5) == Shape{17, 17, 128});
  CHECK(model.output_shape(6) == Shape{36992});
  CHECK(model.output_shape() == Shape{1});
  CHECK(model.layer("conv2d_2").parameter_count() == 73'856);
  CHECK(model.layer("dense").parameter_count() == 18'940'416);
}

TEST_CASE("layers get Keras's default names, and names must differ", "[nn][sequential]") {
  auto model = baseline();
  CHECK(model.layers()[0]->name == "conv2d");
  CHECK(model.layers()[1]->name == "max_pooling2d");
  CHECK(model.layers()[2]->name == "conv2d_1");
  CHECK(model.layers()[8]->name == "dense_1");
  CHECK_THROWS_WITH(model.add(Dense{.units = 1, .name = "dense"}), Contains("two layers are named \"dense\""));
  CHECK_THROWS_WITH(model.layer("block1"), Contains("\"block1\"") && Contains("conv2d_2") && Contains("dense_1"));
}

TEST_CASE("a model that does not fit says which layer, both shapes and what to write", "[nn][sequential]") {
  using S = Sequential<float>;
  CHECK_THROWS_WITH((S{{4, 4, 3}, Conv2D{8, 3, relu}, Conv2D{8, 3}}),
                    Contains("Conv2D \"conv2d_1\"") && Contains("(3, 3)") && Contains("(None, 2, 2, 8)") &&
                        Contains("smaller kernel"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, MaxPool2D{5}}),
                    Contains("MaxPooling2D \"max_pooling2d\"") && Contains("(5, 5)") && Contains("(None, 4, 4, 3)"));
  CHECK_THROWS_WITH((S{{8}, Conv2D{8, 3}}), Contains("Conv2D \"conv2d\"") && Contains("(None, 8)"));
  CHECK_THROWS_WITH(
      (S{{7, 7, 512}, Dense{.units = 1, .name = "head", .features = 8192}}),
      Contains("Dense \"head\" expects 8192 features") && Contains("(None, 7, 7, 512)") && Contains("Flatten{}"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, Conv2D{0, 3}}), Contains("filters must be at least 1, got 0"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, Conv2D{8, 0}}), Contains("kernel and stride must be at least 1, got (0, 0)"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, MaxPool2D{0}}), Contains("window and stride must be at least 1, got (0, 0)"));
  CHECK_THROWS_WITH((S{{8}, MaxPool2D{2}}), Contains("MaxPooling2D") && Contains("put it in front of Flatten{}"));
  CHECK_THROWS_WITH((S{{4}, Dense{1}}.set_trainable("base", false)), Contains("no group of layers named \"base\""));
  CHECK_THROWS_WITH((S{{4}, Dense{0}}), Contains("units must be at least 1, got 0"));
  CHECK_THROWS_WITH((S{{4}, Dropout{1.0}}), Contains("Dropout \"dropout\"") && Contains("less than 1"));
  CHECK_THROWS_WITH((S{{4, 0, 3}, Flatten{}}), Contains("(4, 0, 3)"));
  CHECK_THROWS_AS((S{{4, -1, 3}, Flatten{}}), ShapeError);
}

TEST_CASE("predict gives the same for any batch size, and refuses other shapes", "[nn][sequential]") {
  Sequential<float> model{{10, 9, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dropout{0.5}, Dense{2, softmax}};
  const Tensor<float> x = random_tensor<float>({7, 10, 9, 3}, 1);
  const Tensor<float> all = model.predict(x, 7);
  CHECK(all.shape() == Shape{7, 2});
  check_close("batches of 3", model.predict(x, 3), all, 1e-6);
  check_close("batches of 1", model.predict(x, 1), all, 1e-6);
  CHECK(model.predict(Tensor<float>({0, 10, 9, 3})).shape() == Shape{0, 2});
  CHECK_THROWS_WITH(model.predict(Tensor<float>({7, 9, 10, 3})),
                    Contains("(None, 10, 9, 3)") && Contains("(7, 9, 10, 3)"));
}

TEST_CASE("several threads predict with one model and get the same bits", "[nn][sequential]") {
  Sequential<float> model{Cpu{2}, {12, 12, 3}, Conv2D{8, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{4, softmax}};
  const Tensor<float> x = random_tensor<float>({5, 12, 12, 3}, 1);
  const Tensor<float> expected = model.predict(x);
  std::vector<Tensor<float>> results(8);
  std::vector<std::thread> threads;
  for (auto& r : results)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) r = model.predict(x);
    });
  for (auto& t : threads) t.join();
  for (const auto& r : results) CHECK(same_bits(r, expected));
}

TEST_CASE("a convolution with the pool behind it gives what the two give apart", "[nn][sequential]") {
  // "apart" asks for the convolution's output alone, so nothing is fused.
  for (const Shape& shape : {Shape{9, 10, 3}, Shape{8, 8, 20}, Shape{5, 4, 17}}) {
    Sequential<float> together{shape, Conv2D{18, 3, relu}, MaxPool2D{2}};
    Sequential<float> conv{shape, Conv2D{18, 3, relu}};
    Sequential<float> pool{conv.output_shape(), MaxPool2D{2}};
    const Tensor<float> x = random_tensor<float>(shape.batch(3), 5);
    check_close("fused", together.predict(x), pool.predict(conv.predict(x)), 1e-5);
  }
}

TEST_CASE("a constant initializer gives its value", "[nn][initializer]") {
  std::vector<float> values(3);
  Initializer::constant(0.25).fill<float>(values, {});
  CHECK(values == std::vector<float>(3, 0.25f));
  CHECK_FALSE(Initializer::constant(0.25) == Initializer::constant(0.5));
}

TEST_CASE("glorot_uniform stays inside Keras's limits and fills them", "[nn][initializer]") {
  std::ifstream table(std::string(BRINDLE_GOLDENS) + "/tables/glorot_limits.csv");
  REQUIRE(table);
  std::string line;
  const auto model = baseline();
  while (std::getline(table, line)) {
    std::stringstream fields(line);
    std::string network, name, shape, fan_in, fan_out, limit;
    for (std::string* field : {&network, &name, &shape, &fan_in, &fan_out, &limit}) std::getline(fields, *field, ',');
    if (network != "baseline") continue;
    INFO(line);
    // Keras 2 counts names from 1.
    const int number = name.back() - '1';
    const std::string ours = name.substr(0, name.size() - 2) + (number ? "_" + std::to_string(number) : "");
    CHECK(model.layer(ours).parameters()[0].initializer.limit() == Approx(std::stod(limit)).epsilon(1e-12));
  }
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) {
      if (p.name == "bias") {
        for (const float v : p.value.span()) REQUIRE(v == 0);
        continue;
      }
      float largest = 0;
      double sum = 0, squares = 0;
      for (const float v : p.value.span()) {
        largest = std::max(largest, std::abs(v));
        sum += static_cast<double>(v);
        squares += static_cast<double>(v) * static_cast<double>(v);
      }
      const double n = static_cast<double>(p.value.size()), limit = p.initializer.limit();
      CHECK(static_cast<double>(largest) <= limit);
      CHECK(static_cast<double>(largest) > 0.98 * limit);
      CHECK(std::abs(sum / n) < 4 * limit / std::sqrt(3 * n));
      CHECK(squares / n == Approx(limit * limit / 3).epsilon(0.2));
    }
}

TEST_CASE("a base whose layers have names that are taken is refused before a layer is moved", "[nn]") {
  Sequential<float> model{{4}, Dense{.units = 4, .name = "b"}};
  Sequential<float> base{{4}, Dense{.units = 4, .name = "a"}, Dense{.units = 4, .name = "b"}};
  CHECK_THROWS_AS(model.add(std::move(base), 1), ValueError);
  CHECK(model.layers().size() == 1);
  REQUIRE(base.layers().size() == 2);
  CHECK(base.layers()[0] != nullptr);
  const Tensor<float> x = random_tensor<float>({2, 4}, 1);
  CHECK_NOTHROW(model.predict(x));
  CHECK_NOTHROW(base.predict(x));
}
