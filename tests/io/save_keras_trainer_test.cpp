// SPDX-License-Identifier: MIT
// Trainers written for Keras: how Keras trained on with these files (goldens/make_saved_keras.py), and what is refused.
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "brindle/core/file.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/save_keras.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/golden.hpp"
#include "support/models_for_keras.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

// Two classes of each of three pictures, and pictures that any compiler gives the same bits.
Tensor<float> labels_of_two() {
  Tensor<float> labels({3, 2});
  for (std::int64_t i = 0; i < 6; ++i) labels[i] = static_cast<float>(i * i % 3 % 2);
  return labels;
}
Tensor<float> made_pictures(const Shape& shape) {
  Tensor<float> x(shape.batch(3));
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>((i * 29 + 7) % 61 - 30) / 32;
  return x;
}

}  // namespace

TEST_CASE("Keras trains on where a trainer's files stop", "[io][keras][save_keras]") {
  const Golden golden("saved_keras.npz");
  const TemporaryFolder folder;
  each_trained([&](const std::string& name, Trainer<float, Cpu>&& trainer) {
    INFO(name);
    for (const char* ending : {".keras", ".weights.h5"}) {
      INFO(ending);
      io::save_keras(trainer, folder / (name + ending));
      CHECK((read_file(folder / (name + ending)) == read_file(files_for_keras / (name + ending))));
    }
    const Tensor<float> x = made_pictures(trainer.model().input_shape()), labels = labels_of_two();
    const Tensor<double> losses = golden.get<double>(name + ".losses");
    for (std::int64_t step = 0; step < losses.size(); ++step) {
      INFO(step);
      CHECK(static_cast<double>(trainer.train_on_batch(x, labels).loss) == Approx(losses[step]).epsilon(2e-5));
    }
  });
}

TEST_CASE("what Keras cannot train on with is refused by name before a file is written", "[io][keras][save_keras]") {
  const TemporaryFolder folder;
  Sequential<float> model{{4}, Dense{1, sigmoid}};
  const auto refused = [&](const auto& optimizer, const auto& loss, const std::string& file, const std::string& why) {
    const Trainer trainer{model, optimizer, loss};
    CHECK_THROWS_WITH(io::save_keras(trainer, folder / file), Contains(why) && Contains("instead of the trainer"));
    CHECK(std::filesystem::is_empty(folder.path()));
  };
  refused(Adam{}, BinaryCrossentropy{}, "m.h5", "m.h5: Keras 3 does not read an optimizer's state");
  refused(Adam{.weight_decay = 0.1, .exclude_from_weight_decay = {"bias"}}, BinaryCrossentropy{}, "m.keras",
          "no place for the names that Adam excludes");
  refused(RMSprop{.keras2 = true}, BinaryCrossentropy{}, "m.keras", "RMSprop{.keras2 = true}");
  refused(Adam{}, BinaryCrossentropy{.keras2 = true}, "m.keras", "BinaryCrossentropy{.keras2 = true}");
  const Trainer averaging{model, Adam{}, BinaryCrossentropy{}, {.use_ema = true}};
  CHECK_THROWS_WITH(io::save_keras(averaging, folder / "m.keras"), Contains("what use_ema keeps between two steps"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a model that a trainer saved for Keras is read again", "[io][keras][save_keras]") {
  const TemporaryFolder folder;
  each_trained([&](const std::string& name, Trainer<float, Cpu>&& trainer) {
    io::save_keras(trainer, folder / (name + ".keras"));
    const Model<float> again = io::load_keras<float>(folder / (name + ".keras"));
    const Tensor<float> x = made_pictures(trainer.model().input_shape());
    CHECK(same_bits(again.predict(x), trainer.model().predict(x)));
  });
}
