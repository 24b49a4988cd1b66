// SPDX-License-Identifier: MIT
#include "brindle/nn/optimizer_state.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

template <class T>
Sequential<T> state_network() {
  return Sequential<T>{{6, 6, 2}, Conv2D{3, 3, relu}, Flatten{}, Dropout{0.3}, Dense{4, relu}, Dense{1, sigmoid}};
}

template <class T>
void train_steps(Trainer<T, Cpu>& trainer, int from, int to) {
  for (int i = from; i < to; ++i) {
    const auto x = random_tensor<T>({5, 6, 6, 2}, static_cast<std::uint64_t>(i));
    Tensor<float> labels({5, 1});
    for (std::int64_t k = 0; k < 5; ++k) labels[k] = (k + i) % 2 ? 1.0f : 0.0f;
    trainer.train_on_batch(x, labels);
  }
}

template <class T, class Optimizer>
void check_goes_on(const Optimizer& optimizer) {
  const TemporaryFolder folder;
  Sequential<T> whole = state_network<T>();
  Trainer<T, Cpu> once{whole, optimizer, BinaryCrossentropy{}};
  train_steps(once, 0, 4);
  once.optimizer().set_learning_rate(0.0123);
  const auto state = once.optimizer_state();
  io::save_model(whole, folder / "m.safetensors", {}, &state);
  train_steps(once, 4, 9);

  auto saved = io::load_model<T>(folder / "m.safetensors");
  REQUIRE(saved.optimizer);
  Trainer<T, Cpu> again{saved.model, optimizer, BinaryCrossentropy{}};
  again.set_optimizer_state(*saved.optimizer);
  CHECK(again.steps() == 4);
  train_steps(again, 4, 9);
  for (std::size_t i = 0; i < whole.layers().size(); ++i)
    for (std::size_t p = 0; p < whole.layers()[i]->parameters().size(); ++p)
      CHECK(same_bits(whole.layers()[i]->parameters()[p].value, saved.model.layers()[i]->parameters()[p].value));
}

}  // namespace

TEMPLATE_TEST_CASE("training goes on bit by bit from a model saved with its optimizer's state",
                   "[train][optimizer_state]", float, double) {
  check_goes_on<TestType>(RMSprop{.momentum = 0.5});
  check_goes_on<TestType>(Adam{});
  check_goes_on<TestType>(SGD{.learning_rate = 0.1, .momentum = 0.9});
}

TEST_CASE("a model saved without the optimizer's state has none, and reads as before", "[train][optimizer_state]") {
  const TemporaryFolder folder;
  io::save_model(state_network<float>(), folder / "m.safetensors");
  CHECK(!io::load_model(folder / "m.safetensors").optimizer);
}

TEST_CASE("the state of another optimizer or of other parameters is refused, and nothing changes",
          "[train][optimizer_state]") {
  Sequential<float> model = state_network<float>();
  Trainer<float, Cpu> trainer{model, RMSprop{}, BinaryCrossentropy{}};
  train_steps(trainer, 0, 2);
  auto state = trainer.optimizer_state();
  Trainer<float, Cpu> adam{model, Adam{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(adam.set_optimizer_state(state), Contains("that of RMSprop, the trainer has Adam"));

  Sequential<float> frozen = state_network<float>();
  frozen.layer("conv2d").trainable = false;
  Trainer<float, Cpu> fewer{frozen, RMSprop{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(fewer.set_optimizer_state(state), Contains("\"kernel\" of Dense \"dense\", (48, 4)"));
  CHECK(fewer.steps() == 0);
  state.slots.push_back({"more", "kernel", 0, Tensor<float>({1})});
  CHECK_THROWS_WITH(trainer.set_optimizer_state(state), Contains("7 slots, the trainable parameters have 6"));
}
