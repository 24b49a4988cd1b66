// SPDX-License-Identifier: MIT
// A trainer of several processes, written for Keras.
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "brindle/io/save_keras.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("with several processes all save a trainer, and the first one writes what all remember",
          "[io][keras][group]") {
  const TemporaryFolder folder;
  const auto save = [&](const std::shared_ptr<ProcessGroup>& group, const std::filesystem::path& path) {
    Sequential<float> model{Cpu{1}, {4}, Dense{8, relu}, Dense{1, sigmoid}};
    model.initialize(3);
    Trainer trainer{model, Adam{}, BinaryCrossentropy{}, {.leaves = 2, .group = group}};
    Tensor<float> x({6, 4}), labels({6, 1});
    for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 5) - 2;
    labels[1] = labels[4] = 1;
    trainer.train_on_batch(x.view(), labels.view());
    io::save_keras(trainer, path);
  };
  save(nullptr, folder / "alone.weights.h5");
  for (const auto& error : run_group(2, [&](const std::shared_ptr<ThreadGroup>& group) {
         save(group, folder / (std::to_string(group->rank()) + ".weights.h5"));
       }))
    CHECK(!error);
  const auto content = [&](const char* name) {
    std::ifstream in(folder / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  CHECK(content("0.weights.h5") == content("alone.weights.h5"));
  CHECK(!std::filesystem::exists(folder / "1.weights.h5"));
}
