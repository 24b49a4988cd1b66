// SPDX-License-Identifier: MIT
#include "brindle/train/run_identity.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/trainer.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::InMemory identified_samples() {
  Tensor<float> labels({8, 1});
  labels[3] = labels[6] = 1;
  return data::InMemory(random_tensor<float>({8, 4}, 3), std::move(labels));
}

/// What a run on this model writes into its checkpoint for a layer.
std::string layer_text(const Model<float>& model, std::size_t number) {
  const auto optimizer = RMSprop{}.make<float, Cpu>();
  const auto loss = BinaryCrossentropy{}.make<float, Cpu>();
  const auto data = identified_samples();
  for (const auto& [name, text] : detail::run_identity(Cpu(1), model, *optimizer, *loss, data, FitOptions{}, 4, 2,
                                                       detail::UpdateRules({.seed = 1})))
    if (name == "layer " + std::to_string(number)) return text;
  return "none";
}

/// The same layers; the sum is of different ones.
Model<float> summed(bool input) {
  return Model<float>{{4}, [&](auto x) {
                        auto y = x.then(Dense{4, relu}), z = y.then(Dense{4});
                        return (input ? z + x : z + y).then(Dense{1, sigmoid});
                      }};
}

}  // namespace

TEST_CASE("a run's identity has for the layers of a row what it had before there were graphs", "[train][checkpoint]") {
  Sequential<float> row{{4}, Dense{3, relu}, Dropout{0.5}, Dense{1, sigmoid}};
  row.layers()[2]->trainable = false;
  CHECK(layer_text(row, 1) == R"(Dense "dense" (units 3, activation relu, use_bias true))");
  CHECK(layer_text(row, 2) == R"(Dropout "dropout" (rate 0.5))");
  CHECK(layer_text(row, 3) == R"(Dense "dense_1" (units 1, activation sigmoid, use_bias true), frozen)");
}

TEST_CASE("a run's identity names what each layer of a graph reads, and what runs for inference",
          "[train][checkpoint]") {
  Model<float> graph = summed(true);
  graph.layers()[3]->inference = true;
  CHECK(layer_text(graph, 1) == R"(Dense "dense" (units 4, activation relu, use_bias true), reads the model's input)");
  CHECK(layer_text(graph, 3) == R"(Add "add", reads Dense "dense_1" and the model's input)");
  CHECK(layer_text(graph, 4) ==
        R"(Dense "dense_2" (units 1, activation sigmoid, use_bias true), reads Add "add", for inference)");
}

TEST_CASE("a checkpoint of a graph does not go on in one of the same layers that read others",
          "[train][checkpoint][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.checkpoint";
  const auto data = identified_samples();
  const auto fit = [&](Model<float> model, bool resume) {
    Trainer<float, Cpu> trainer(model, RMSprop{}, BinaryCrossentropy{});
    trainer.fit(data, {.batch = 4, .epochs = 1, .checkpoint = checkpoint(path, {.resume = resume})});
  };
  fit(summed(true), false);
  CHECK_NOTHROW(fit(summed(true), true));
  CHECK_THROWS_WITH(fit(summed(false), true), Contains(path.string()) &&
                                                  Contains(R"(reads Dense "dense_1" and the model's input)") &&
                                                  Contains(R"(reads Dense "dense_1" and Dense "dense")"));
  Model<float> inference = summed(true);
  inference.layers()[1]->inference = true;
  CHECK_THROWS_WITH(fit(std::move(inference), true), Contains("layer 2") && Contains("for inference"));
}

TEST_CASE("processes compare how their programs round, beside compiler and instruction set", "[train][group]") {
  const Sequential<float> model{{4}, Dense{1, sigmoid}};
  const auto optimizer = RMSprop{}.make<float, Cpu>();
  std::string names;
  for (const auto& [name, text] : detail::process_identity({}, model, *optimizer, "none", 0)) {
    names += name + ";";
    if (name == "rounding") CHECK(text == detail::rounding_text());
  }
  CHECK_THAT(names, Contains("version of brindle;compiler;rounding;instruction set;"));
  // Of this program either; its sums stay in their order.
  CHECK((detail::rounding_text() == "of each product" || detail::rounding_text() == "of products with their sums"));
}
