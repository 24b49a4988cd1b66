// SPDX-License-Identifier: MIT
#include "brindle/train/progressive_resizing.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "brindle/brindle.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/nn/resized.hpp"
#include "brindle/testing.hpp"
#include "brindle/train/trainer.hpp"

using namespace brindle;

namespace {

data::InMemory resized_pictures(Size2 size) {
  Tensor<float> x = testing::random_tensor<float>({24, size.h, size.w, 3}, 5), labels({24, 1});
  for (std::int64_t i = 0; i < 24; ++i) labels[i] = static_cast<float>(i % 2);
  return data::InMemory(std::move(x), std::move(labels));
}

Sequential<float> resized_network() {
  Sequential<float> model{{12, 12, 3}, Conv2D{4, 3, relu}, GlobalAveragePooling2D{}, Dense{2, softmax}};
  model.initialize(3);
  return model;
}

std::vector<float> resized_weights(const Model<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.insert(all.end(), p.value.data(), p.value.data() + p.value.size());
  return all;
}

void train_resized(Model<float>& at, Size2 size) {
  Trainer trainer{at, Adam{.learning_rate = 1e-2}, SparseCategoricalCrossentropy{}};
  trainer.fit(resized_pictures(size), {.batch = 8, .epochs = 2});
}

}  // namespace

TEST_CASE("progressive resizing trains at each size and at last at the model's own, weight by weight", "[train]") {
  Sequential<float> model = resized_network();
  std::vector<Size2> seen;
  progressive_resizing(model, {{6, 6}, {8, 10}}, [&](Model<float>& at, Size2 size) {
    CHECK(at.input_shape() == Shape{size.h, size.w, 3});
    seen.push_back(size);
    train_resized(at, size);
  });
  REQUIRE(seen.size() == 3);
  CHECK((seen[1].h == 8 && seen[1].w == 10 && seen[2].h == 12 && seen[2].w == 12));

  // The same by hand.
  Sequential<float> start = resized_network();
  Model<float> first = resized<float, Cpu>(start, {6, 6, 3});
  train_resized(first, {6, 6});
  Model<float> second = resized(first, Shape{8, 10, 3});
  train_resized(second, {8, 10});
  Model<float> last = resized(second, Shape{12, 12, 3});
  train_resized(last, {12, 12});
  CHECK(resized_weights(model) == resized_weights(last));
}

TEST_CASE("without sizes the model is trained as it is, and frozen layers stay frozen at every size", "[train]") {
  Sequential<float> model = resized_network(), expected = resized_network();
  int calls = 0;
  progressive_resizing(model, {}, [&](Model<float>& at, Size2 size) {
    ++calls;
    CHECK(&at == &model);
    train_resized(at, size);
  });
  train_resized(expected, {12, 12});
  CHECK(calls == 1);
  CHECK(resized_weights(model) == resized_weights(expected));

  Sequential<float> frozen = resized_network();
  frozen.freeze_before("dense");
  const std::vector<float> before = resized_weights(frozen);
  progressive_resizing(frozen, {{6, 6}}, train_resized);
  const std::vector<float> after = resized_weights(frozen);
  CHECK(std::memcmp(before.data(), after.data(), 4 * (3 * 3 * 3 * 4 + 4)) == 0);
  CHECK(before != after);
}

TEST_CASE("a training that fails leaves what was learned, and sizes that do not fit are refused before the first",
          "[train]") {
  Sequential<float> model = resized_network();
  std::vector<float> learned;
  CHECK_THROWS_AS(progressive_resizing(model, {{6, 6}},
                                       [&](Model<float>& at, Size2 size) {
                                         train_resized(at, size);
                                         learned = resized_weights(at);
                                         throw std::runtime_error("no more");
                                       }),
                  std::runtime_error);
  CHECK(resized_weights(model) == learned);

  int calls = 0;
  const auto count = [&](Model<float>&, Size2) { ++calls; };
  CHECK_THROWS_AS(progressive_resizing(model, {{8, 8}, {2, 2}}, count), ShapeError);
  Sequential<float> flat{{12, 12, 3}, Flatten{}, Dense{2, softmax}};
  CHECK_THROWS_AS(progressive_resizing(flat, {{8, 8}}, count), ShapeError);
  Sequential<float> rows{{12}, Dense{2, softmax}};
  CHECK_THROWS_WITH(
      progressive_resizing(rows, {}, count),
      "progressive_resizing: the model takes samples of (12), expected pictures (rows, columns, channels)");
  CHECK(calls == 0);
}
