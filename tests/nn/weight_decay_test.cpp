// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/optimizer_golden.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// The steps of a case of weight_decay.npz by an optimizer as a trainer makes it.
template <class T, class Description>
void check_path(const std::string& name, const Description& description, const Tolerance& tolerance) {
  const Golden golden("weight_decay.npz");
  const auto optimizer = description.template make<T, Cpu>();
  std::vector<Tensor<T>> slots;
  std::vector<TensorView<T>> views;
  for (int i = 0; i < optimizer->slots(); ++i) slots.emplace_back(Shape{12});
  for (auto& slot : slots) views.push_back(slot.view());
  check_optimizer_path<T>(golden, name, tolerance,
                          [&](auto& w, auto g, std::int64_t t) { optimizer->update(Cpu(2), t, w, g, views); });
}

/// A small network, two steps of training.
template <class Description>
Sequential<float> trained(const Description& optimizer, int threads = 2, bool stream = true) {
  Sequential<float> model{Cpu(threads), {70}, Dense{200, relu}, BatchNormalization{}, Dense{1, sigmoid}};
  model.initialize(3);
  Trainer trainer{model, optimizer, BinaryCrossentropy{}, {.stream_gradients = stream}};
  const Tensor<float> x = random_tensor<float>({6, 70}, 4), y({6, 1});
  for (int i = 0; i < 2; ++i) trainer.train_on_batch(x.view(), y.view());
  return model;
}

}  // namespace

TEMPLATE_TEST_CASE("weight decay agrees with Keras, step by step", "[nn][optimizers][golden]", float, double) {
  check_path<TestType>("adamw", AdamW{.learning_rate = 0.01, .weight_decay = 0.25}, optimizer_float32_betas_golden);
  check_path<TestType>("adamw_defaults", AdamW{}, optimizer_float32_betas_golden);
  check_path<TestType>("adamw", Adam{.learning_rate = 0.01, .weight_decay = 0.25}, optimizer_float32_betas_golden);
  check_path<TestType>("adam_amsgrad", Adam{.learning_rate = 0.01, .amsgrad = true}, optimizer_float32_betas_golden);
  check_path<TestType>("adamw_amsgrad", AdamW{.learning_rate = 0.01, .weight_decay = 0.25, .amsgrad = true},
                       optimizer_float32_betas_golden);
  check_path<TestType>("sgd_decay", SGD{.learning_rate = 0.1, .weight_decay = 0.5}, optimizer_golden);
  check_path<TestType>("sgd_momentum_decay", SGD{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.5},
                       optimizer_float32_betas_golden);
  check_path<TestType>("sgd_nesterov_decay",
                       SGD{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.5},
                       optimizer_float32_betas_golden);
  check_path<TestType>("rmsprop_decay", RMSprop{.learning_rate = 0.01, .weight_decay = 0.25}, optimizer_golden);
  check_path<TestType>("rmsprop_all_decay",
                       RMSprop{.learning_rate = 0.01, .momentum = 0.5, .centered = true, .weight_decay = 0.25},
                       optimizer_float32_betas_golden);
}

TEST_CASE("parameters that are excluded from weight decay go the way of an optimizer without it", "[nn][optimizers]") {
  const auto check = [](const std::string& name, const auto& without, const auto& with, const auto& excluding) {
    INFO(name);
    // One step: from the second on, the gradients themselves differ.
    const auto step = [](const auto& optimizer) {
      Sequential<float> model{Cpu(1), {70}, Dense{200, relu}, BatchNormalization{}, Dense{1, sigmoid}};
      model.initialize(3);
      for (auto& layer : model.layers())
        for (auto& p : layer->parameters())
          if (p.name == "bias" || p.name == "beta") p.value = random_tensor<float>(p.value.shape(), 5);
      Trainer trainer{model, optimizer, BinaryCrossentropy{}};
      const Tensor<float> x = random_tensor<float>({6, 70}, 4), y({6, 1});
      trainer.train_on_batch(x.view(), y.view());
      return model;
    };
    auto plain = step(without), decayed = step(with), chosen = step(excluding);
    for (std::size_t i = 0; i < plain.layers().size(); ++i)
      for (std::size_t p = 0; p < plain.layers()[i]->parameters().size(); ++p) {
        const auto& of = [&](auto& model) -> const Tensor<float>& { return model.layers()[i]->parameters()[p].value; };
        const Parameter<float, Cpu>& parameter = plain.layers()[i]->parameters()[p];
        INFO(plain.layers()[i]->name << "/" << parameter.name);
        const bool kernel = parameter.name == "kernel";
        CHECK(same_bits(of(chosen), kernel ? of(decayed) : of(plain)));
        if (parameter.learned) CHECK_FALSE(same_bits(of(decayed), of(plain)));
      }
  };
  const std::vector<std::string> excluded{"bias", "batch_normalization/"};
  check("SGD", SGD{}, SGD{.weight_decay = 0.5}, SGD{.weight_decay = 0.5, .exclude_from_weight_decay = excluded});
  check("RMSprop", RMSprop{}, RMSprop{.weight_decay = 0.5},
        RMSprop{.weight_decay = 0.5, .exclude_from_weight_decay = excluded});
  check("Adam", Adam{}, AdamW{.weight_decay = 0.5}, AdamW{.weight_decay = 0.5, .exclude_from_weight_decay = excluded});
}

TEST_CASE("weight decay has the same bits for any number of threads, and where gradients are not stored",
          "[nn][optimizers][threads]") {
  const AdamW optimizer{.weight_decay = 0.3, .amsgrad = true, .exclude_from_weight_decay = {"bias"}};
  const auto one = trained(optimizer, 1);
  const auto check = [&](const Sequential<float>& other) {
    for (std::size_t i = 0; i < one.layers().size(); ++i)
      for (std::size_t p = 0; p < one.layers()[i]->parameters().size(); ++p)
        CHECK(same_bits(one.layers()[i]->parameters()[p].value, other.layers()[i]->parameters()[p].value));
  };
  check(trained(optimizer, 2));
  check(trained(optimizer, 3));
  check(trained(optimizer, 2, false));
}

TEST_CASE("optimizers tell their weight decay, and only where there is any", "[nn][optimizers]") {
  const auto of = [](const auto& description) { return description.template make<float, Cpu>(); };
  CHECK(of(Adam{})->config().find("weight_decay") == nullptr);
  CHECK(of(Adam{})->config().find("amsgrad") == nullptr);
  const Config config = of(AdamW{.amsgrad = true, .exclude_from_weight_decay = {"bias", "gamma"}})->config();
  CHECK(config.get("weight_decay", 0.0) == 4e-3);
  CHECK(config.get("amsgrad", false));
  CHECK(config.get("exclude_from_weight_decay", "") == "bias, gamma");
  CHECK(of(AdamW{})->type() == "AdamW");
  CHECK(of(Adam{.weight_decay = 1})->type() == "Adam");
  const auto sgd = of(SGD{.learning_rate = 0.5, .weight_decay = 0.1, .exclude_from_weight_decay = {"a/b"}});
  CHECK(sgd->step_decay() == 0.5 * 0.1);
  CHECK_FALSE(sgd->decays({"aa", "bias"}));
  CHECK(sgd->decays({"a", "c"}));
  CHECK_THROWS_WITH(of(AdamW{.weight_decay = -1}), Contains("AdamW: weight_decay must be 0 to 1e30, got -1"));
  CHECK_THROWS_WITH(of(SGD{.exclude_from_weight_decay = {""}}), Contains("empty name"));
}
