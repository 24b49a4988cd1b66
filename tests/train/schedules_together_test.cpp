// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "brindle/train/trainer.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t epochs = 6, steps = 4;  // of a run
constexpr double rate = 0.1;

data::InMemory scheduled_samples() {
  Tensor<float> x = random_tensor<float>({16, 3}, 7, 0, 1);
  std::vector<float> labels(16);
  for (std::size_t i = 0; i < 16; ++i) labels[i] = static_cast<float>(i % 2);
  return data::InMemory(std::move(x), labels);
}

struct Stopped : std::runtime_error {
  Stopped() : std::runtime_error("stopped") {}
};

/// The learning rate of every step of a run with these callbacks, the first one's in front. stop_after: of a run that
/// ends with an exception there and goes on in new objects.
std::vector<double> rates_together(const std::function<std::vector<Callback>()>& make, std::int64_t stop_after = 0) {
  const auto data = scheduled_samples();
  const TemporaryFolder folder;
  std::vector<double> used;
  for (const bool second : {false, true}) {
    if (second && stop_after == 0) break;
    Sequential<float> model{Cpu{1}, {3}, Dense{1, sigmoid}};
    Trainer trainer{model, SGD{.learning_rate = rate}, BinaryCrossentropy{}};
    std::vector<Callback> callbacks = make();
    Callback spy;
    if (!second) spy.begin = [&](FitState& s) { used.push_back(s.learning_rate); };
    spy.step = [&](FitState& s) {
      if (s.step < s.steps) used.push_back(s.learning_rate);
      if (!second && static_cast<std::int64_t>(used.size()) > stop_after && stop_after > 0) throw Stopped();
    };
    spy.epoch = [&](FitState& s) { used.push_back(s.learning_rate); };
    callbacks.push_back(spy);
    try {
      trainer.fit(data, {.batch = 4,
                         .epochs = epochs,
                         .callbacks = callbacks,
                         .checkpoint = stop_after ? checkpoint(folder / "c", {.every_seconds = 1e-9, .resume = second})
                                                  : nullptr});
    } catch (const Stopped&) {
      used.pop_back();  // the step was after the last checkpoint, and is done again
    }
  }
  return used;
}

double cosine(std::int64_t step) { return detail::cosine_decay_rate(1, step, {.decay_steps = epochs * steps}); }
double halved(std::int64_t step, std::int64_t every) {
  return std::pow(0.5, static_cast<double>(step / steps / every));
}

/// The run has these rates, also when it is stopped and resumed.
void check_rates_together(const std::function<std::vector<Callback>()>& make,
                          const std::function<double(std::int64_t)>& expected) {
  const std::vector<double> whole = rates_together(make);
  REQUIRE(whole.size() == static_cast<std::size_t>(epochs * steps) + 1);
  for (std::int64_t i = 0; i <= epochs * steps; ++i) {
    CAPTURE(i);
    CHECK(whole[static_cast<std::size_t>(i)] == Approx(expected(i)).epsilon(1e-12).margin(1e-15));
  }
  for (const std::int64_t stop : {1, 3, 4, 5, 9, 23}) {
    INFO("stopped after step " << stop);
    CHECK(rates_together(make, stop) == whole);
  }
}

/// Watches a figure that never improves: reduces after `patience` epochs, again and again.
Callback reduction(double factor, std::int64_t patience) {
  return reduce_on_plateau({.monitor = Monitor::loss, .factor = factor, .patience = patience, .min_delta = 1e9});
}
/// What it has reduced by before a step. The first epoch improves upon nothing.
double reduced(std::int64_t step, double factor, std::int64_t patience) {
  const std::int64_t epoch = step / steps;
  return std::pow(factor, static_cast<double>(epoch > 1 ? (epoch - 1) / patience : 0));
}

Callback setting(std::int64_t at_epoch, double to) {
  Callback c;
  c.epoch = [=](FitState& s) {
    if (s.epoch == at_epoch) s.learning_rate = to;
  };
  return c;
}
Callback multiplying(std::int64_t at_epoch, double by) {
  Callback c;
  c.epoch = [=](FitState& s) {
    if (s.epoch == at_epoch) s.learning_rate *= by;
  };
  return c;
}

}  // namespace

TEST_CASE("schedules in one list multiply, in either order, also when resumed", "[train][schedules]") {
  const auto step = [] { return step_decay({.every = 2, .factor = 0.5}); };
  const auto wave = [] { return cosine_decay(); };
  const auto product = [](std::int64_t i) { return rate * cosine(i) * halved(i, 2); };
  check_rates_together([&] { return std::vector<Callback>{step(), wave()}; }, product);
  check_rates_together([&] { return std::vector<Callback>{wave(), step()}; }, product);
  check_rates_together(
      [&] {
        return std::vector<Callback>{wave(), wave()};
      },
      [](std::int64_t i) { return rate * cosine(i) * cosine(i); });
  check_rates_together(
      [&] {
        return std::vector<Callback>{step(), step_decay({.every = 3, .factor = 0.5})};
      },
      [](std::int64_t i) { return rate * halved(i, 2) * halved(i, 3); });
  check_rates_together(
      [&] {
        return std::vector<Callback>{wave(), step(), wave()};
      },
      [](std::int64_t i) { return rate * cosine(i) * cosine(i) * halved(i, 2); });
}

TEST_CASE("a reduction on a plateau lasts beside schedules and beside another", "[train][schedules]") {
  const auto plateau = [] { return reduction(0.5, 2); };
  const auto product = [](std::int64_t i) { return rate * cosine(i) * reduced(i, 0.5, 2); };
  check_rates_together([&] { return std::vector<Callback>{cosine_decay(), plateau()}; }, product);
  check_rates_together([&] { return std::vector<Callback>{plateau(), cosine_decay()}; }, product);
  check_rates_together(
      [&] {
        return std::vector<Callback>{plateau(), step_decay({.every = 2, .factor = 0.5})};
      },
      [](std::int64_t i) { return rate * halved(i, 2) * reduced(i, 0.5, 2); });
  check_rates_together(
      [&] {
        return std::vector<Callback>{plateau(), reduction(0.1, 3)};
      },
      [](std::int64_t i) { return rate * reduced(i, 0.5, 2) * reduced(i, 0.1, 3); });
}

TEST_CASE("a warm-up from 0 multiplies with other schedules", "[train][schedules]") {
  const CosineDecayOptions warm{.decay_steps = 16, .warmup_steps = 8};
  const auto product = [&](std::int64_t i) { return rate * detail::cosine_decay_rate(1, i, warm) * halved(i, 1); };
  check_rates_together([&] { return std::vector<Callback>{cosine_decay(warm), step_decay({.every = 1})}; }, product);
  check_rates_together([&] { return std::vector<Callback>{step_decay({.every = 1}), cosine_decay(warm)}; }, product);
}

TEST_CASE("schedules go on from a rate that a callback sets, in proportion", "[train][schedules]") {
  const auto wave = [] { return cosine_decay(); };
  const auto doubled = [](std::int64_t i) { return rate * cosine(i) * (i >= 8 ? 2 : 1); };
  check_rates_together([&] { return std::vector<Callback>{wave(), multiplying(2, 2)}; }, doubled);
  check_rates_together([&] { return std::vector<Callback>{multiplying(2, 2), wave()}; }, doubled);
  const auto set = [](std::int64_t i) { return i < 8 ? rate * cosine(i) : 0.7 * cosine(i) / cosine(8); };
  check_rates_together([&] { return std::vector<Callback>{wave(), setting(2, 0.7)}; }, set);
  check_rates_together([&] { return std::vector<Callback>{setting(2, 0.7), wave()}; }, set);
  // Beside a schedule that changes at the same moment: behind it the rate is what is set, in front of it is multiplied.
  const auto halving = [] { return step_decay({.every = 2}); };
  check_rates_together(
      [&] {
        return std::vector<Callback>{halving(), setting(2, 0.7)};
      },
      [](std::int64_t i) { return i < 8 ? rate : 0.7 * halved(i - 8, 2); });
  check_rates_together(
      [&] {
        return std::vector<Callback>{setting(2, 0.7), halving()};
      },
      [](std::int64_t i) { return i < 8 ? rate : 0.7 * halved(i, 2); });
  // Once in each step, behind: what is set.
  Callback always;
  always.step = [](FitState& s) { s.learning_rate = 0.01 * static_cast<double>(s.step); };
  const std::vector<double> used = rates_together([&] { return std::vector<Callback>{wave(), always}; });
  CHECK(used[1] == 0.01);
  CHECK(used[2] == 0.02);
  CHECK(used[4] == 0.04);
}

TEST_CASE("a rate that is set where schedules have made it 0 holds for a step", "[train][schedules]") {
  const auto warm = [] { return cosine_decay({.decay_steps = 20, .warmup_steps = 4}); };
  Callback set;
  set.begin = [](FitState& s) { s.learning_rate = 0.2; };
  const std::vector<double> used = rates_together([&] { return std::vector<Callback>{warm(), set}; });
  CHECK(used[0] == 0.2);
  CHECK(used[1] == Approx(0.2 / 4));
  CHECK(used[4] == Approx(0.2));
  const std::vector<double> ended = rates_together([&] {
    return std::vector<Callback>{cosine_decay({.decay_steps = 8}), setting(3, 0.3)};
  });
  CHECK(ended[11] == Approx(0).margin(1e-15));
  CHECK(ended[12] == 0.3);
  CHECK(ended[13] == Approx(0).margin(1e-15));
}

TEST_CASE("a schedule alone has the bits of its formula, over several fits too", "[train][schedules]") {
  const auto data = scheduled_samples();
  Sequential<float> model{Cpu{1}, {3}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{.learning_rate = rate}, BinaryCrossentropy{}};
  const CosineDecayOptions options{.decay_steps = 20, .alpha = 0.1, .warmup_steps = 6, .warmup_from = 0.003};
  const std::vector<Callback> callbacks{cosine_decay(options)};
  for (std::int64_t fit = 1; fit <= 6; ++fit) {
    trainer.fit(data, {.batch = 4, .callbacks = callbacks});
    CHECK(trainer.optimizer().learning_rate() == detail::cosine_decay_rate(rate, 4 * fit, options));
  }
}

TEST_CASE("schedules go on over several fits together, and from a rate that was set between them",
          "[train][schedules]") {
  const auto data = scheduled_samples();
  Sequential<float> model{Cpu{1}, {3}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{.learning_rate = rate}, BinaryCrossentropy{}};
  const CosineDecayOptions options{.decay_steps = 20};
  const Callback wave = cosine_decay(options), halving = step_decay({.every = 1});
  const auto fit = [&](const std::vector<Callback>& callbacks) {
    trainer.fit(data, {.batch = 4, .callbacks = callbacks});
    return trainer.optimizer().learning_rate();
  };
  const auto share = [&](std::int64_t step) { return detail::cosine_decay_rate(1, step, options); };
  CHECK(fit({wave, halving}) == Approx(rate * share(4) / 2));
  CHECK(fit({wave, halving}) == Approx(rate * share(8) / 4));
  CHECK(fit({halving}) == Approx(rate * share(8) / 8));
  CHECK(fit({}) == Approx(rate * share(8) / 8));
  CHECK(fit({halving, wave}) == Approx(rate * share(12) / 16));
  trainer.optimizer().set_learning_rate(1);
  CHECK(fit({wave}) == Approx(share(16) / share(12)));
  CHECK(fit({wave, step_decay({.every = 1, .factor = 0.1})}) == Approx(0).margin(1e-15));
  // A first fit() that came to no step keeps the rate with which its warm-up began.
  Trainer again{model, SGD{.learning_rate = rate}, BinaryCrossentropy{}};
  const Callback warm = cosine_decay({.decay_steps = 20, .warmup_steps = 4});
  Callback refuses;
  refuses.begin = [](FitState&) { throw Stopped(); };
  CHECK_THROWS_AS(again.fit(data, {.batch = 4, .callbacks = {warm, refuses}}), Stopped);
  again.fit(data, {.batch = 4, .callbacks = {warm}});
  CHECK(again.optimizer().learning_rate() == Approx(rate));
}

TEST_CASE("a checkpoint with another number of schedules is refused", "[train][schedules][errors]") {
  const auto data = scheduled_samples();
  const TemporaryFolder folder;
  const auto run = [&](const std::vector<Callback>& callbacks, std::int64_t n) {
    Sequential<float> model{Cpu{1}, {3}, Dense{1, sigmoid}};
    Trainer trainer{model, SGD{.learning_rate = rate}, BinaryCrossentropy{}};
    trainer.fit(
        data,
        {.batch = 4, .epochs = n, .callbacks = callbacks, .checkpoint = checkpoint(folder / "c", {.resume = true})});
  };
  run({cosine_decay(), step_decay()}, 1);
  CHECK_THROWS_WITH(run({cosine_decay()}, 2),
                    Contains("its callback 2/step_decay is every 10, factor 0.5, here there is none"));
}
