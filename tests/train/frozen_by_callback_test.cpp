// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

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

data::InMemory freezing_samples() {
  Tensor<float> x = random_tensor<float>({12, 5}, 3), labels({12, 1});
  for (std::int64_t i = 0; i < 12; i += 2) labels[i] = 1;
  return data::InMemory(std::move(x), std::move(labels));
}

Sequential<float> freezing_network() {
  return Sequential<float>{{5}, Dense{4, relu}.named("first"), Dense{3, relu}.named("second"), Dense{1, sigmoid}};
}

std::vector<float> weights_of_layer(const Sequential<float>& model, const std::string& layer) {
  const auto w = model.layer(layer).parameters()[0].value.span();
  return {w.begin(), w.end()};
}

Callback at_epoch(std::int64_t epoch, std::function<void()> change) {
  Callback c;
  c.epoch = [=](FitState& s) {
    if (s.epoch == epoch) change();
  };
  return c;
}

}  // namespace

TEST_CASE("what a callback freezes or frees takes effect from the next step on", "[train][callbacks]") {
  for (const bool in_step : {false, true}) {
    Sequential<float> model = freezing_network();
    model.layer("first").trainable = false;
    Trainer trainer{model, RMSprop{.momentum = 0.5}, BinaryCrossentropy{}};
    const auto initial = weights_of_layer(model, "first");
    std::vector<float> first, second;
    Callback change;
    const auto swap = [&](FitState& s) {
      if (s.epoch != 2 || (in_step && s.step != 1)) return;
      CHECK(weights_of_layer(model, "first") == initial);
      second = weights_of_layer(model, "second");
      model.layer("first").trainable = true;
      model.layer("second").trainable = false;
    };
    (in_step ? change.step : change.epoch) = swap;
    trainer.fit(freezing_samples(), {.batch = 4, .epochs = 4, .callbacks = {change}});
    CHECK(weights_of_layer(model, "first") != initial);
    CHECK(weights_of_layer(model, "second") == second);
  }
}

TEST_CASE("a callback that freezes every layer ends training with the reason", "[train][callbacks]") {
  Sequential<float> model = freezing_network();
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(
      trainer.fit(freezing_samples(),
                  {.batch = 4, .epochs = 3, .callbacks = {at_epoch(1, [&] { model.set_trainable(false); })}}),
      Contains("fit, after a callback: every layer is frozen"));
}

TEST_CASE("a run whose callback froze a layer goes on from its checkpoint with the same bits", "[train][checkpoint]") {
  const TemporaryFolder folder;
  const auto data = freezing_samples();
  const auto run = [&](const FitOptions& options, std::int64_t pause_at, Sequential<float>& model) {
    Trainer trainer{model, RMSprop{.momentum = 0.5}, BinaryCrossentropy{}};
    Callback freeze = at_epoch(2, [&] { model.layer("second").trainable = false; });
    Callback pause;
    pause.step = [=](FitState& s) { s.pause = s.epoch == pause_at && s.step == 2; };
    FitOptions o = options;
    o.batch = 4, o.epochs = 5, o.callbacks = {freeze, pause};
    trainer.fit(data, o);
  };
  Sequential<float> whole = freezing_network();
  run({}, 0, whole);
  for (const std::int64_t pause_at : {1, 3, 5}) {
    Sequential<float> paused = freezing_network(), resumed = freezing_network();
    run({.checkpoint = checkpoint(folder / "c")}, pause_at, paused);
    run({.checkpoint = checkpoint(folder / "c", {.resume = true})}, 0, resumed);
    CHECK_FALSE(resumed.layer("second").trainable);
    for (const char* layer : {"first", "second", "dense"})
      CHECK(weights_of_layer(resumed, layer) == weights_of_layer(whole, layer));
  }
}

TEST_CASE("a model saved with its optimizer goes on with new orders of the data, not with the old ones again",
          "[train][optimizer_state]") {
  const auto data = freezing_samples();
  Sequential<float> whole = freezing_network(), parts = freezing_network();
  Trainer once{whole, RMSprop{}, BinaryCrossentropy{}};
  once.fit(data, {.batch = 4, .epochs = 2});
  once.fit(data, {.batch = 4, .epochs = 2});
  Trainer first{parts, RMSprop{}, BinaryCrossentropy{}};
  first.fit(data, {.batch = 4, .epochs = 2});
  Trainer second{parts, RMSprop{}, BinaryCrossentropy{}};
  second.set_optimizer_state(first.optimizer_state());
  second.fit(data, {.batch = 4, .epochs = 2});
  for (const char* layer : {"first", "second", "dense"})
    CHECK(weights_of_layer(parts, layer) == weights_of_layer(whole, layer));
}

namespace {

/// Steps downhill, but leaves biases alone.
template <class T, class Device>
class KernelsOnlyOptimizer final : public Optimizer<T, Device> {
 public:
  std::string type() const override { return "KernelsOnly"; }
  Config config() const override { return {}; }
  int slots() const override { return 0; }
  double learning_rate() const override { return 0.1; }
  void set_learning_rate(double) override {}
  void update(const Device&, std::int64_t, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>>) const override {
    for (std::int64_t i = 0; i < w.size(); ++i) w[i] -= T(0.1) * g[i];
  }
  void update_named(const Device& on, std::int64_t step, const ParameterName& which, TensorView<T, Device> w,
                    TensorView<const T, Device> g, std::span<const TensorView<T, Device>> slots) const override {
    if (which.parameter != "bias" && which.layer != "second") update(on, step, w, g, slots);
  }
};
struct KernelsOnly {
  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const {
    return std::make_unique<KernelsOnlyOptimizer<T, Device>>();
  }
};

}  // namespace

TEST_CASE("an optimizer learns the names of what it steps", "[train][optimizer]") {
  Sequential<float> model = freezing_network();
  const auto first = weights_of_layer(model, "first"), second = weights_of_layer(model, "second");
  Trainer trainer{model, KernelsOnly{}, BinaryCrossentropy{}};
  trainer.fit(freezing_samples(), {.batch = 4, .epochs = 3});
  CHECK(weights_of_layer(model, "first") != first);
  CHECK(weights_of_layer(model, "second") == second);
  for (const auto& layer : model.layers())
    for (const float b : layer->parameters()[1].value.span()) CHECK(b == 0);
}
