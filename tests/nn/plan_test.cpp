// SPDX-License-Identifier: MIT
#include "brindle/nn/plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "brindle/nn/liveness.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("blocks that live at the same time share no byte, others may", "[nn][plan]") {
  std::vector<detail::LiveBlock> blocks;
  const Random random{9, stream_id("blocks"), 0};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const int first = static_cast<int>(random.below(3 * i, 40));
    blocks.push_back({random.below(3 * i + 1, 5000) + 1, first, first + static_cast<int>(random.below(3 * i + 2, 6))});
  }
  const std::int64_t total = detail::place_blocks(blocks);
  std::int64_t sum = 0, busiest = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const detail::LiveBlock& a = blocks[i];
    CHECK(a.offset % 64 == 0);
    CHECK(a.offset + a.bytes <= total);
    sum += a.bytes;
    for (std::size_t j = 0; j < i; ++j) {
      const detail::LiveBlock& b = blocks[j];
      if (a.last < b.first || b.last < a.first) continue;
      CHECK((a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset));
    }
  }
  for (int t = 0; t < 50; ++t) {
    std::int64_t live = 0;
    for (const detail::LiveBlock& b : blocks) live += b.first <= t && t <= b.last ? b.bytes : 0;
    busiest = std::max(busiest, live);
  }
  CHECK(total < sum / 2);
  CHECK(total < busiest + busiest / 3);
}

TEST_CASE("inference holds two layers at a time, whatever the depth", "[nn][plan]") {
  const auto bytes = [](int depth) {
    Sequential<float> model{Shape{32, 32, 8}};
    for (int i = 0; i < depth; ++i)
      model.add(Conv2D{.filters = 8, .kernel = 3, .activation = sigmoid, .padding = Padding::same});
    return Plan<float, Cpu>(model.device(), model.graph(), {.batch = 4}).bytes();
  };
  CHECK(bytes(3) == bytes(30));
}

TEST_CASE("a smaller batch runs in the plan of a larger one", "[nn][plan]") {
  Sequential<float> model{{8, 8, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{2}};
  Plan<float, Cpu> plan(model.device(), model.graph(), {.batch = 5});
  const Tensor<float> x = random_tensor<float>({5, 8, 8, 3}, 3);
  const Tensor<float> all = model.predict(x, 5);
  const auto part = plan.forward(x.view().slice(1, 3));
  CHECK(part.shape == Shape{2, 2});
  for (std::int64_t i = 0; i < 4; ++i) CHECK(part[i] == Approx(all[2 + i]).epsilon(1e-5));
  CHECK_THROWS_AS(plan.forward(Tensor<float>({6, 8, 8, 3}).view()), ShapeError);
}

namespace {

/// Three convolutions whose activations of a few pictures of 150x150 fill a cache.
Sequential<float> wide_convolutions() {
  const Conv2D conv{.filters = 64, .kernel = 3, .activation = relu, .padding = Padding::same};
  return Sequential<float>{{150, 150, 3}, Activation{linear}, conv,     conv, MaxPool2D{2}, Dropout{0.5},
                           conv,          MaxPool2D{2},       Flatten{}};
}

Plan<float, Cpu> plan_of(const Sequential<float>& model, const PlanOptions& options) {
  return Plan<float, Cpu>(model.device(), model.graph(), options);
}

bool have_same_bits(TensorView<const float> a, TensorView<const float> b) {
  return a.shape == b.shape && std::memcmp(a.data, b.data, static_cast<std::size_t>(a.size()) * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("a slice of the batch goes through all wide layers before the next, and no bit changes", "[nn][plan]") {
  const Sequential<float> model = wide_convolutions();
  Plan<float, Cpu> whole = plan_of(model, {.batch = 5}), single = plan_of(model, {});
  const Tensor<float> x = random_tensor<float>({5, 150, 150, 3}, 7);
  std::string steps;
  const auto note = [&](std::size_t step, bool) { steps += std::to_string(step); };
  const Plan<float, Cpu>::OnStep on_step(note);
  whole.watch(&on_step);
  const auto check = [&](std::int64_t samples, const std::string& order) {
    INFO(samples << " samples");
    steps.clear();
    const TensorView<float> y = whole.forward(x.view().slice(0, samples));
    CHECK(steps == order);
    for (std::int64_t i = 0; i < samples; ++i)
      CHECK(have_same_bits(y.slice(i, i + 1), single.forward(x.view().slice(i, i + 1))));
  };
  check(5, "0123401234012345");  // steps 0, 3 and 5 only rename memory: Activation, Dropout and Flatten
  check(3, "01234012345");
  check(1, "012345");
}

TEST_CASE("a plan that cuts the batch holds a slice of the wide layers", "[nn][plan]") {
  const Sequential<float> model = wide_convolutions();
  const std::int64_t widest = 30 * 150 * 150 * 64 * 4;
  CHECK(plan_of(model, {.batch = 30}).bytes() < widest / 5);
  CHECK(plan_of(model, {.batch = 30, .backward = true}).bytes() > 2 * widest);
}

TEST_CASE("frozen layers that are cut into slices leave the gradients behind them as they are", "[nn][plan]") {
  Sequential<float> model = wide_convolutions();
  model.add(Dense{.units = 2, .name = "head"});
  model.freeze_before("head");
  const PlanOptions options{
      .batch = 5, .training = true, .backward = true, .logits = true, .keep_gradients = true, .seed = 3};
  const Tensor<float> x = random_tensor<float>({5, 150, 150, 3}, 8);
  const Tensor<float> dy = random_tensor<float>({5, 2}, 9);
  const auto gradient = [&](Plan<float, Cpu>& plan, const Tensor<float>& input) {
    plan.forward(input.view(), 4);
    Memory<Cpu>::copy(plan.output_gradient().data, dy.data(), dy.bytes());
    Tensor<float> kernel;
    plan.backward([&](std::size_t, std::span<const TensorView<float, Cpu>> gradients) {
      kernel = Tensor<float>(gradients[0].shape);
      Memory<Cpu>::copy(kernel.data(), gradients[0].data, kernel.bytes());
    });
    return kernel;
  };

  Plan<float, Cpu> all = plan_of(model, options);
  // The same in two plans: picture by picture up to the dropout, whose draws are counted through the batch, and the
  // rest.
  const Model<float> front = wide_convolutions().cut_after("max_pooling2d");
  const Conv2D conv{.filters = 64, .kernel = 3, .activation = relu, .padding = Padding::same, .name = "conv2d_2"};
  Sequential<float> behind{{75, 75, 64}, Dropout{0.5}, conv,
                           MaxPool2D{2}, Flatten{},    Dense{.units = 2, .name = "head"}};
  behind.freeze_before("head");
  Plan<float, Cpu> first(front.device(), front.graph(), {}), rest = plan_of(behind, options);
  Tensor<float> features({5, 75, 75, 64});
  for (std::int64_t i = 0; i < 5; ++i) {
    const TensorView<float> part = first.forward(x.view().slice(i, i + 1));
    Memory<Cpu>::copy(features.view().slice(i, i + 1).data, part.data, static_cast<std::size_t>(part.size()) * 4);
  }
  CHECK(have_same_bits(gradient(all, x), gradient(rest, features)));
}

TEST_CASE("a value between layers that work as one is refused by name, not read from elsewhere", "[nn][plan]") {
  const Model<float> model{{2, 2, 1}, [](auto x) { return x.then(ZeroPadding2D{3}, Conv2D{1, 3}, Flatten{}); }};
  const auto x = random_tensor<float>({1, 2, 2, 1}, 1);
  Plan<float, Cpu> plan(model.device(), model.graph(), {});
  plan.forward(x);
  CHECK(plan.value(0).data == x.data());
  CHECK(plan.value(2).shape == Shape{1, 6, 6, 1});
  CHECK(plan.value(3).data == plan.value(2).data);
  CHECK_THROWS_WITH(plan.value(1), Catch::Contains("value 1") && Catch::Contains("layer_by_layer"));
  Plan<float, Cpu> apart(model.device(), model.graph(), {.layer_by_layer = true});
  apart.forward(x);
  CHECK(apart.value(1).shape == Shape{1, 8, 8, 1});
}
