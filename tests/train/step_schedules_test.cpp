// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "brindle/train/cosine_decay_restarts.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "brindle/train/one_cycle.hpp"
#include "brindle/train/polynomial_decay.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

void check_rates(const std::function<double(std::int64_t)>& rate, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(rate(static_cast<std::int64_t>(i)) == Approx(expected[i]).epsilon(1e-6));  // Keras computes in float32
  }
}

/// The learning rates of the steps of a fit() of `epochs` epochs of `steps`, the optimizer's own being `rate`.
std::vector<double> rates(const std::vector<Callback>& schedules, double rate, std::int64_t epochs,
                          std::int64_t steps) {
  FitState s;
  s.learning_rate = rate;
  s.epochs = epochs;
  s.steps = steps;
  for (const Callback& c : schedules) c.begin(s);
  std::vector<double> all;
  for (std::int64_t i = 0; i < epochs * steps; ++i) {
    all.push_back(s.learning_rate);
    for (const Callback& c : schedules)
      if (c.step) c.step(s);
  }
  return all;
}

}  // namespace

TEST_CASE("one_cycle gives the rates of PyTorch's OneCycleLR", "[train][one_cycle]") {
  // torch 2.15: OneCycleLR(optimizer, 0.1, total_steps=10, pct_start=0.3), and 7 and 0.5.
  check_rates([](std::int64_t i) { return detail::one_cycle_rate(0.1, i, {.steps = 10}); },
              {0.004, 0.052, 0.1, 0.0950484632, 0.0811745654, 0.0611262022, 0.0388741978, 0.0188258346, 0.0049519368,
               4e-07, 4e-07, 4e-07});
  check_rates([](std::int64_t i) { return detail::one_cycle_rate(0.1, i, {.steps = 7, .rising = 0.5}); },
              {0.004, 0.0371671843, 0.0908328157, 0.0950484632, 0.0611262022, 0.0188258346, 4e-07});
  CHECK(detail::one_cycle_rate(0.1, 0, {.steps = 1}) == Approx(4e-7));
  CHECK(detail::one_cycle_rate(0.1, 0, {.steps = 8, .rising = 0}) > 0.09);  // falls from the first step on
}

TEST_CASE("polynomial_decay gives the rates of Keras's PolynomialDecay", "[train][polynomial_decay]") {
  check_rates(
      [](std::int64_t i) {
        return detail::polynomial_decay_rate(0.1, i, {.decay_steps = 6, .end_rate = 0.01, .power = 2});
      },
      {0.100000001, 0.0724999979, 0.049999997, 0.0324999988, 0.0199999996, 0.0125000002, 0.00999999978, 0.00999999978});
  check_rates(
      [](std::int64_t i) {
        return detail::polynomial_decay_rate(0.1, i, {.decay_steps = 4, .end_rate = 0.02, .cycle = true});
      },
      {0.099999994, 0.0799999982, 0.0599999987, 0.0399999991, 0.0199999996, 0.049999997, 0.0399999991, 0.0299999993,
       0.0199999996, 0.0399999991, 0.0333333351});
}

TEST_CASE("cosine_decay_restarts gives the rates of Keras's CosineDecayRestarts", "[train][cosine_decay_restarts]") {
  check_rates(
      [](std::int64_t i) {
        return detail::cosine_decay_restarts_rate(0.1, i, {.first_decay_steps = 3, .m_mul = 0.5, .alpha = 0.1});
      },
      {0.100000001, 0.0775000006, 0.0324999951, 0.0550000034, 0.051985573, 0.0437499993, 0.0324999988, 0.0212500039,
       0.0130144274, 0.0324999988, 0.0321166664, 0.0309927855});
  check_rates(
      [](std::int64_t i) { return detail::cosine_decay_restarts_rate(0.1, i, {.first_decay_steps = 4, .t_mul = 1}); },
      {0.100000001, 0.0853553414, 0.049999997, 0.0146446619, 0.100000001, 0.0853553414, 0.049999997, 0.0146446619,
       0.100000001, 0.0853553414});
}

TEST_CASE("schedules of steps span the whole fit() unless they are told a length", "[train][one_cycle]") {
  const std::vector<double> whole = rates({one_cycle()}, 0.1, 2, 5), told = rates({one_cycle({.steps = 5})}, 0.1, 2, 5);
  for (std::int64_t i = 0; i < 10; ++i) {
    CAPTURE(i);
    CHECK(whole[static_cast<std::size_t>(i)] == Approx(detail::one_cycle_rate(0.1, i, {.steps = 10})));
    CHECK(told[static_cast<std::size_t>(i)] == Approx(detail::one_cycle_rate(0.1, i, {.steps = 5})));
  }
  CHECK(rates({polynomial_decay({.end_rate = 0})}, 1, 1, 4) == std::vector<double>{1, 0.75, 0.5, 0.25});
}

TEST_CASE("schedules of steps multiply with others", "[train][one_cycle]") {
  const std::vector<double> both = rates(
      {polynomial_decay({.decay_steps = 4, .end_rate = 0}), cosine_decay_restarts({.first_decay_steps = 2})}, 8, 1, 4);
  for (std::int64_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK(both[static_cast<std::size_t>(i)] ==
          Approx(8 * detail::polynomial_decay_rate(1, i, {.decay_steps = 4, .end_rate = 0}) *
                 detail::cosine_decay_restarts_rate(1, i, {.first_decay_steps = 2})));
  }
}

TEST_CASE("schedules of steps refuse options that mean nothing", "[train][one_cycle][errors]") {
  CHECK_THROWS_WITH(one_cycle({.rising = 1.5}),
                    Contains("one_cycle: expected steps >= 0 and rising from 0 to 1, got 0 and 1.5"));
  CHECK_THROWS_WITH(one_cycle({.start_factor = 0}), Contains("start_factor above 0"));
  CHECK_THROWS_WITH(polynomial_decay({.power = 0}), Contains("power > 0, got 0"));
  CHECK_THROWS_WITH(polynomial_decay({.end_rate = -1}), Contains("end_rate >= 0"));
  CHECK_THROWS_WITH(cosine_decay_restarts({}), Contains("first_decay_steps >= 1"));
  CHECK_THROWS_WITH(cosine_decay_restarts({.first_decay_steps = 1, .t_mul = 0.5}), Contains("t_mul >= 1"));
  CHECK_THROWS_WITH(cosine_decay_restarts({.first_decay_steps = 1, .m_mul = 0}), Contains("m_mul above 0"));
}
