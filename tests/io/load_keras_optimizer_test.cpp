// SPDX-License-Identifier: MIT
// Trainers that go on where Keras stopped (goldens/make_keras_optimizers.py), and what is refused.
#include "brindle/io/load_keras_optimizer.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/save_keras.hpp"
#include "brindle/io/zip.hpp"
#include "brindle/io/zip_writer.hpp"
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

const std::filesystem::path optimizer_goldens = std::filesystem::path(BRINDLE_GOLDENS) / "keras_optimizers";

Tensor<float> trained_pictures() {
  Tensor<float> x({6, 5, 5, 2});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>((i * 29 + 7) % 61 - 30) / 32;
  return x;
}
Tensor<float> made_labels() {
  Tensor<float> labels({6, 1});
  for (std::int64_t i = 0; i < 6; ++i) labels[i] = static_cast<float>(i % 2);
  return labels;
}

/// use(name of the file, a trainer as the file's model was compiled).
template <class Use>
void each_compiled(Use&& use) {
  const auto with = [&](const std::string& name, const auto& optimizer) {
    INFO(name);
    Model<float> model = io::load_keras<float>(optimizer_goldens / (name + ".keras"));
    Trainer trainer{model, optimizer, BinaryCrossentropy{}};
    use(name, trainer);
  };
  with("sgd", SGD{.learning_rate = 0.05});
  with("momentum", SGD{.momentum = 0.875, .nesterov = true});  // the learning rate is the file's
  with("rmsprop", RMSprop{});
  with("rmsprop_centered", RMSprop{.momentum = 0.875, .centered = true});
  with("adam", Adam{});
  with("amsgrad", Adam{.amsgrad = true});
  with("adamw", AdamW{.weight_decay = 0.125});
}

}  // namespace

TEST_CASE("a trainer goes on where Keras stopped", "[io][keras][load_keras_optimizer]") {
  const Golden golden("keras_optimizers.npz");
  const Tensor<float> x = trained_pictures(), labels = made_labels();
  each_compiled([&](const std::string& name, auto& trainer) {
    io::load_keras_optimizer(trainer, optimizer_goldens / (name + ".keras"));
    CHECK(trainer.optimizer_state().steps == 3);
    const Tensor<double> losses = golden.get<double>(name + ".losses");
    REQUIRE(losses.size() == 4);
    for (std::int64_t step = 0; step < losses.size(); ++step) {
      INFO(step);
      CHECK(static_cast<double>(trainer.train_on_batch(x, labels).loss) == Approx(losses[step]).epsilon(1e-4));
    }
  });
}

TEST_CASE("an optimizer that Keras has made no step with starts as a new one, at the file's learning rate",
          "[io][keras][load_keras_optimizer]") {
  Model<float> model = io::load_keras<float>(optimizer_goldens / "no_steps.keras");
  Trainer trainer{model, Adam{}, BinaryCrossentropy{}};
  io::load_keras_optimizer(trainer, optimizer_goldens / "no_steps.keras");
  CHECK(trainer.optimizer().learning_rate() == 1.0 / 64);
  CHECK(trainer.optimizer_state().steps == 0);
}

TEST_CASE("what a trainer saved for Keras is taken over again, bit by bit", "[io][keras][load_keras_optimizer]") {
  const TemporaryFolder temporary;
  each_trained([&](const std::string& name, Trainer<float, Cpu>&& trainer) {
    INFO(name);
    const auto path = temporary / (name + ".keras");
    io::save_keras(trainer, path);
    Model<float> model = io::load_keras<float>(path);
    const auto check = [&](const auto& optimizer) {
      Trainer again{model, optimizer, BinaryCrossentropy{}};
      io::load_keras_optimizer(again, path);
      const OptimizerState<float> there = again.optimizer_state(), here = trainer.optimizer_state();
      CHECK(there.steps == here.steps);
      CHECK(there.learning_rate == here.learning_rate);
      REQUIRE(there.slots.size() == here.slots.size());
      for (std::size_t i = 0; i < here.slots.size(); ++i) CHECK(same_bits(there.slots[i].value, here.slots[i].value));
    };
    if (name == "trained_adam") check(Adam{.amsgrad = true});
    if (name == "trained_adamw") check(AdamW{.weight_decay = 0.125});
    if (name == "trained_rmsprop") check(RMSprop{.momentum = 0.875, .centered = true});
    if (name == "trained_sgd") check(SGD{.momentum = 0.875, .nesterov = true});
  });
}

TEST_CASE("what of Keras's optimizer cannot be taken over is refused by name, and the trainer stays as it was",
          "[io][keras][load_keras_optimizer]") {
  const auto refused = [](const std::string& name, const auto& optimizer, const std::string& why,
                          const TrainerOptions& options = {}) {
    INFO(name);
    Model<float> model = io::load_keras<float>(optimizer_goldens / (name + ".keras"));
    Trainer trainer{model, optimizer, BinaryCrossentropy{}, options};
    const auto file = optimizer_goldens / (name + ".keras");
    CHECK_THROWS_AS(io::load_keras_optimizer(trainer, file), FileError);
    CHECK_THROWS_WITH(io::load_keras_optimizer(trainer, file), Contains(file.string() + ": ") && Contains(why));
    CHECK(trainer.optimizer_state().steps == 0);
  };
  refused("no_ema", Adam{}, "averages of the weights (use_ema)");
  refused("no_accumulation", SGD{.momentum = 0.5}, "accumulated gradients (gradient_accumulation_steps)");
  refused("no_schedule", SGD{.momentum = 0.5}, "follows a schedule (CosineDecay)");
  refused("no_such", Adam{}, "is of the optimizer Nadam, the trainer has Adam");
  refused("no_compile", Adam{}, "was not compiled when it was saved");
  refused("adam", AdamW{}, "is of the optimizer Adam, the trainer has AdamW");
  refused("adam", Adam{.beta_2 = 0.99}, "the beta_2 of its Adam is 0.999, of the trainer's 0.99");
  refused("adamw", AdamW{}, "the weight_decay of its AdamW is 0.125, of the trainer's 0.004");
  refused("amsgrad", Adam{}, "the amsgrad of its Adam is true, of the trainer's 0");
  refused("rmsprop", RMSprop{.keras2 = true}, "computes as Keras 2 did");
  refused("rmsprop", RMSprop{.centered = true}, "the centered of its RMSprop is false, of the trainer's 1");
  refused("adam", Adam{}, "the trainer averages weights or accumulates gradients", {.use_ema = true});
}

TEST_CASE("an optimizer that compile() was given by its name has Keras's settings",
          "[io][keras][load_keras_optimizer]") {
  const TemporaryFolder temporary;
  const auto path = temporary / "named.keras";
  const auto named = [&](const std::string& file, const std::string& name, const auto& optimizer) {
    const io::detail::ZipFile whole((optimizer_goldens / file).string());
    std::string config = whole.read("config.json");
    const std::string key = "\"optimizer\": ";
    const std::size_t begin = config.find(key) + key.size();
    REQUIRE(config.at(begin) == '{');
    std::size_t end = begin;
    int open = 0;
    do open += config.at(end) == '{' ? 1 : config.at(end) == '}' ? -1 : 0;
    while (++end, open > 0);
    config.replace(begin, end - begin, "\"" + name + "\"");
    const std::string weights = whole.read("model.weights.h5");
    io::detail::ZipWriter zip;
    zip.add("config.json", {config});
    zip.add("model.weights.h5", {weights});
    replace_file(path, zip.parts());
    Model<float> model = io::load_keras<float>(path);
    Trainer trainer{model, optimizer, BinaryCrossentropy{}};
    io::load_keras_optimizer(trainer, path);
    return trainer.optimizer_state().steps;
  };
  CHECK(named("adam.keras", "adam", Adam{}) > 0);
  CHECK(named("adamw.keras", "AdamW", AdamW{}) > 0);
  CHECK(named("rmsprop.keras", "rmsprop", RMSprop{}) > 0);
  CHECK(named("sgd.keras", "SGD", SGD{}) > 0);
  CHECK_THROWS_WITH(named("adam.keras", "adam", Adam{.beta_2 = 0.99}),
                    Contains("the beta_2 of its Adam is 0.999, of the trainer's 0.99"));
  CHECK_THROWS_WITH(named("adam.keras", "adam", Adam{.weight_decay = 0.5}), Contains("the weight_decay of its Adam"));
  CHECK_THROWS_WITH(named("adamw.keras", "adamw", AdamW{.weight_decay = 0}), Contains("the weight_decay of its AdamW"));
  CHECK_THROWS_WITH(named("adam.keras", "nadam", Adam{}), Contains("is of the optimizer nadam, the trainer has Adam"));
}

TEST_CASE("a state of another model, or of other parameters, is refused", "[io][keras][load_keras_optimizer]") {
  const auto adam = optimizer_goldens / "adam.keras";
  Model<float> model = io::load_keras<float>(adam);
  model.layer("right").trainable = false;
  Trainer trainer{model, Adam{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(io::load_keras_optimizer(trainer, adam),
                    Contains("keeps 20 arrays") && Contains("2 for each of 8 parameters") && Contains("trainable?"));
  Sequential<float> other{{5, 5, 2}, Conv2D{.filters = 4, .kernel = 1, .name = "frozen"}, Flatten{}, Dense{1, sigmoid}};
  Trainer of_other{other, Adam{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(io::load_keras_optimizer(of_other, adam),
                    Contains("layer 2 is \"left\" in the file, \"flatten\" in the trainer's"));
  const auto weights = std::filesystem::path(BRINDLE_GOLDENS) / "keras" / "trained_adam.weights.h5";
  CHECK_THROWS_WITH(io::load_keras_optimizer(trainer, weights), Contains("is no .keras file"));
}

TEST_CASE("a damaged state of Keras's optimizer is an error, and leaves the trainer as it was",
          "[io][keras][load_keras_optimizer]") {
  const TemporaryFolder temporary;
  const auto damaged = [&](const std::string& from, const std::string& to, const std::string& why) {
    INFO(from);
    const io::detail::ZipFile whole((optimizer_goldens / "adam.keras").string());
    std::vector<std::string> parts;
    std::size_t found = 0;
    for (const char* name : {"config.json", "model.weights.h5"}) {
      std::string text = whole.read(name);
      for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size(), ++found)
        text.replace(at, from.size(), to);
      parts.push_back(text);
    }
    REQUIRE(found > 0);
    io::detail::ZipWriter zip;
    zip.add("config.json", {parts[0]});
    zip.add("model.weights.h5", {parts[1]});
    const auto path = temporary / "damaged.keras";
    replace_file(path, zip.parts());
    Model<float> model = io::load_keras<float>(path);
    Trainer trainer{model, Adam{}, BinaryCrossentropy{}};
    CHECK_THROWS_AS(io::load_keras_optimizer(trainer, path), FileError);
    CHECK_THROWS_WITH(io::load_keras_optimizer(trainer, path), Contains("damaged.keras: ") && Contains(why));
    CHECK(trainer.optimizer_state().steps == 0);
  };
  damaged("\"class_name\": \"Adam\"", "\"class_name\": [1, 2]", "cannot be understood");
  damaged("\"compile_config\"", "\"compile_confis\"", "was not compiled");
  damaged(std::string("optimizer\0", 10), std::string("optimizes\0", 10), "holds no state of the optimizer");
  damaged(std::string("\0"
                      "21\0",
                      4),
          std::string("\0"
                      "29\0",
                      4),
          "has no dataset \"optimizer/vars/21\"");
  // 1 / 64 as a float, and a NaN
  damaged(std::string("\0\0\x80\x3c", 4), std::string("\0\0\xc0\x7f", 4), "its learning rate is nan");
}
