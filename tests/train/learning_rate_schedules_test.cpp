// SPDX-License-Identifier: MIT
#include "brindle/train/learning_rate_schedules.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::InMemory samples_of_schedule(std::int64_t n) {
  Tensor<float> x = random_tensor<float>(Shape{n, 6}, 7, 0, 1);
  std::vector<float> labels(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) labels[static_cast<std::size_t>(i)] = static_cast<float>(i % 2);
  return data::InMemory(std::move(x), labels);
}

Sequential<float> scheduled_network() { return Sequential<float>{Cpu{1}, {6}, Dense{1, sigmoid}}; }

/// The learning rate after each epoch of a run with these figures, from 1.
std::vector<double> rates_by(const Callback& c, const std::vector<double>& figures) {
  FitState s;
  s.learning_rate = 1;
  c.begin(s);
  std::vector<double> out;
  for (const double v : figures) {
    ++s.epoch;
    s.val_loss = v, s.val_accuracy = -v;
    c.epoch(s);
    out.push_back(s.learning_rate);
  }
  return out;
}

void check_equal(const std::vector<double>& ours, const std::vector<double>& keras) {
  REQUIRE(ours.size() == keras.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(i);
    CHECK(ours[i] == Approx(keras[i]).epsilon(1e-6));  // Keras computes them in float32
  }
}

}  // namespace

// The expected numbers below are those of Keras 3.15.1.

TEST_CASE("cosine decay gives the rates of Keras's CosineDecay", "[train][cosine_decay]") {
  std::vector<double> ours, warm;
  for (std::int64_t step = 0; step < 11; ++step)
    ours.push_back(detail::cosine_decay_rate(0.1, step, {.decay_steps = 8, .alpha = 0.1}));
  check_equal(ours, {0.1, 0.096574582, 0.086819813, 0.072220758, 0.054999996, 0.037779242, 0.023180196, 0.013425417,
                     0.010000001, 0.010000001, 0.010000001});
  for (std::int64_t step = 0; step < 13; ++step)
    warm.push_back(
        detail::cosine_decay_rate(0.1, step, {.decay_steps = 6, .alpha = 0.2, .warmup_steps = 4, .warmup_from = 0.01}));
  check_equal(warm, {0.0099999998, 0.032499999, 0.055, 0.077500001, 0.1, 0.094641022, 0.080000006, 0.059999999,
                     0.039999999, 0.025358984, 0.020000001, 0.020000001, 0.020000001});
}

TEST_CASE("step decay gives the rates of Keras's staircase", "[train][step_decay]") {
  std::vector<double> ours;
  for (std::int64_t epoch = 0; epoch < 10; ++epoch)
    ours.push_back(detail::step_decay_rate(0.3, epoch, {.every = 3, .factor = 0.5}));
  check_equal(ours, {0.30000001, 0.30000001, 0.30000001, 0.15000001, 0.15000001, 0.15000001, 0.075000003, 0.075000003,
                     0.075000003, 0.037500001});
}

TEST_CASE("reduce_on_plateau lowers the rate when Keras's ReduceLROnPlateau does", "[train][reduce_on_plateau]") {
  const std::vector<double> run{5, 4, 4, 4.00005, 3.99995, 4, 4, 4, 3, 3, 3, 3, 3, 3};
  check_equal(rates_by(reduce_on_plateau({.factor = 0.5, .patience = 2}), run),
              {1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625, 0.03125, 0.03125});
  check_equal(rates_by(reduce_on_plateau({.factor = 0.5, .patience = 2, .cooldown = 2}), run),
              {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625});
  check_equal(rates_by(reduce_on_plateau({.factor = 0.5, .patience = 1, .cooldown = 2}), run),
              {1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625, 0.03125, 0.03125, 0.015625});
  check_equal(rates_by(reduce_on_plateau({.factor = 0.1, .patience = 1, .min_rate = 0.005}), run),
              {1, 1, 0.1, 0.01, 0.005, 0.005, 0.005, 0.005, 0.005, 0.005, 0.005, 0.005, 0.005, 0.005});
  check_equal(rates_by(reduce_on_plateau({.factor = 0.5, .patience = 0}), run),
              {1, 1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.015625, 0.0078125, 0.00390625, 0.001953125,
               0.0009765625, 0.00048828125});
  check_equal(
      rates_by(reduce_on_plateau({.monitor = Monitor::val_accuracy, .factor = 0.5, .patience = 3, .min_delta = 0.5}),
               run),
      {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125});
}

TEST_CASE("a plateau begins anew with each fit, and what is no number is no improvement",
          "[train][reduce_on_plateau]") {
  const Callback c = reduce_on_plateau({.factor = 0.5, .patience = 2});
  CHECK(rates_by(c, {3, 3}) == std::vector<double>{1, 1});
  CHECK(rates_by(c, {4, 4, 4}) == std::vector<double>{1, 1, 0.5});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  FitState s;
  History h;
  h.val_loss = {nan};
  s.history = &h;
  s.learning_rate = 1;
  c.begin(s);
  for (const double v : {3.0, nan, nan}) {
    s.val_loss = v;
    c.epoch(s);
  }
  CHECK(s.learning_rate == 0.5);
}

TEST_CASE("the optimizer takes each step with the rate of the schedule", "[train][cosine_decay]") {
  const auto data = samples_of_schedule(32);
  auto model = scheduled_network();
  Trainer trainer{model, SGD{.learning_rate = 0.1}, BinaryCrossentropy{}};
  const Callback schedule = cosine_decay();
  std::vector<double> used, expected;
  Callback spy;
  spy.begin = [&](FitState& s) { used.push_back(s.learning_rate); };
  spy.step = spy.begin;
  trainer.fit(data, {.batch = 8, .epochs = 3, .callbacks = {schedule, spy}});
  for (std::int64_t step = 0; step <= 12; ++step)
    expected.push_back(detail::cosine_decay_rate(0.1, step, {.decay_steps = 12}));
  CHECK(used == expected);
  CHECK(std::abs(trainer.optimizer().learning_rate()) < 1e-9);
  used.clear();
  trainer.fit(data, {.batch = 8, .callbacks = {schedule, spy}});  // goes on where it ended
  CHECK(used.front() == expected.back());
}

TEST_CASE("step decay counts epochs over several fits", "[train][step_decay]") {
  const auto data = samples_of_schedule(16);
  auto model = scheduled_network();
  Trainer trainer{model, SGD{.learning_rate = 0.8}, BinaryCrossentropy{}};
  const Callback schedule = step_decay({.every = 2, .factor = 0.5});
  const auto fit = [&](std::int64_t epochs) {
    trainer.fit(data, {.batch = 8, .epochs = epochs, .callbacks = {schedule}});
    return trainer.optimizer().learning_rate();
  };
  CHECK(fit(1) == Approx(0.8));
  CHECK(fit(1) == Approx(0.4));
  CHECK(fit(3) == Approx(0.2));
}

TEST_CASE("schedules say which settings make no sense", "[train]") {
  CHECK_THROWS_WITH(step_decay({.every = 0}), Contains("every >= 1") && Contains("0"));
  CHECK_THROWS_AS(step_decay({.factor = -1}), ValueError);
  CHECK_THROWS_AS(cosine_decay({.decay_steps = -1}), ValueError);
  CHECK_THROWS_AS(cosine_decay({.alpha = 1.5}), ValueError);
  CHECK_THROWS_WITH(reduce_on_plateau({.factor = 1}), Contains("factor") && Contains("below 1"));
  CHECK_THROWS_AS(reduce_on_plateau({.patience = -1}), ValueError);
  FitState s{.epochs = 2, .steps = 10};
  CHECK_THROWS_WITH(cosine_decay({.warmup_steps = 20}).begin(s), Contains("20 steps leaves none of the 20"));
}
