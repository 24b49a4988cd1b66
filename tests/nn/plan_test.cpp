#include "brindle/nn/plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "brindle/nn/liveness.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("blocks that live at the same time share no byte, others may", "[nn][plan]") {
  std::vector<LiveBlock> blocks;
  const Random random{9, stream_id("blocks"), 0};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const int first = static_cast<int>(random.below(3 * i, 40));
    blocks.push_back({random.below(3 * i + 1, 5000) + 1, first, first + static_cast<int>(random.below(3 * i + 2, 6))});
  }
  const std::int64_t total = place_blocks(blocks);
  std::int64_t sum = 0, busiest = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const LiveBlock& a = blocks[i];
    CHECK(a.offset % 64 == 0);
    CHECK(a.offset + a.bytes <= total);
    sum += a.bytes;
    for (std::size_t j = 0; j < i; ++j) {
      const LiveBlock& b = blocks[j];
      if (a.last < b.first || b.last < a.first) continue;
      CHECK((a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset));
    }
  }
  for (int t = 0; t < 50; ++t) {
    std::int64_t live = 0;
    for (const LiveBlock& b : blocks) live += b.first <= t && t <= b.last ? b.bytes : 0;
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
    return Plan<float, Cpu>(model.device(), model.layers(), model.input_shape(), {.batch = 4}).bytes();
  };
  CHECK(bytes(3) == bytes(30));
}

TEST_CASE("a smaller batch runs in the plan of a larger one", "[nn][plan]") {
  Sequential<float> model{{8, 8, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{2}};
  Plan<float, Cpu> plan(model.device(), model.layers(), model.input_shape(), {.batch = 5});
  const Tensor<float> x = random_tensor<float>({5, 8, 8, 3}, 3);
  const Tensor<float> all = model.predict(x, 5);
  const auto part = plan.forward(x.view().slice(1, 3));
  CHECK(part.shape == Shape{2, 2});
  for (std::int64_t i = 0; i < 4; ++i) CHECK(part[i] == Approx(all[2 + i]).epsilon(1e-5));
  CHECK_THROWS_AS(plan.forward(Tensor<float>({6, 8, 8, 3}).view()), ShapeError);
}
