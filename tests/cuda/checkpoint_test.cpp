// SPDX-License-Identifier: MIT
#include "brindle/train/checkpoint.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "cuda/gpu.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("a run on the GPU that ends after any step and goes on has the bits of one that did not", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const TemporaryFolder folder;
  Tensor<float> x = random_tensor<float>({10, 8, 8, 3}, 1), labels({10, 1});
  for (std::int64_t i = 0; i < 10; ++i) labels[i] = static_cast<float>(i % 2);
  const data::InMemory samples(std::move(x), std::move(labels));
  const auto train = [&](std::shared_ptr<CheckpointStore> checkpoint, std::int64_t killed_after) {
    Sequential model{Cuda{},    Shape{8, 8, 3}, Conv2D{8, 3, relu}, MaxPool2D{2},
                     Flatten{}, Dropout{0.3},   Dense{1, sigmoid}};
    Trainer trainer{model, Adam{}, BinaryCrossentropy{}, {.seed = 4}};
    Callback killed;
    killed.step = [killed_after, done = std::int64_t{0}](FitState&) mutable {
      if (++done == killed_after) throw std::runtime_error("killed");
    };
    const History h =
        trainer.fit(samples, {.batch = 4, .epochs = 3, .callbacks = {killed}, .checkpoint = std::move(checkpoint)});
    std::vector<Tensor<float>> weights;
    for (const auto& layer : model.layers())
      for (const auto& p : layer->parameters()) weights.push_back(p.value.to<Cpu>());
    return std::pair{h.loss, std::move(weights)};
  };
  const auto whole = train({}, 0);
  for (const std::int64_t first : {1, 2, 3, 4, 8}) {
    INFO("ended after step " << first);
    const auto path = folder / ("run" + std::to_string(first));
    CHECK_THROWS(train(checkpoint(path, {.every_seconds = 1e-9}), first));
    const auto resumed = train(checkpoint(path, {.every_seconds = 1e-9, .resume = true}), 0);
    CHECK(resumed.first == whole.first);
    for (std::size_t i = 0; i < whole.second.size(); ++i) CHECK(same_bits(resumed.second[i], whole.second[i]));
  }
}
