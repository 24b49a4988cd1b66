// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/testing/check_gradient.hpp"
#include "brindle/testing/samples.hpp"

namespace brindle::testing {

/// What every optimizer must do; for optimizers of one's own, in any test framework.
///
///     testing::check_optimizer(Lion{.learning_rate = 1e-2});
///
/// Finds the minimum of a bowl (from a distance of about 1, in 2,000 steps, to less than half of it, its learning rate
/// being a usual one); a parameter in two parts gets the bits of one whole, for large ones are updated block by block;
/// the same bits for 1, 2 and 3 threads; a learning rate of 0 changes no weight; the learning rate can be read, set and
/// is refused below 0, and config() has it; no more slots than slots() says. Throws CheckFailed that lists everything
/// that is wrong. On the Cpu.
template <class Description>
void check_optimizer(const Description& description) {
  const auto optimizer = description.template make<float, Cpu>();
  internal::Problems problems("check_optimizer: " + optimizer->type());
  constexpr std::int64_t n = 1000;
  const auto slots_of = [&] {
    std::vector<Tensor<float>> slots;
    for (int k = 0; k <= optimizer->slots(); ++k) slots.emplace_back(Shape{n});  // one more than it has
    return slots;
  };
  // Elements [begin, end) of a parameter, with the same part of its slots.
  const auto update = [&](const Cpu& on, std::int64_t step, Tensor<float>& w, const Tensor<float>& g,
                          std::vector<Tensor<float>>& slots, std::int64_t begin, std::int64_t end) {
    std::vector<TensorView<float, Cpu>> parts;
    for (Tensor<float>& slot : slots) parts.push_back(slot.view().slice(begin, end));
    const auto own = std::span<const TensorView<float, Cpu>>(parts).first(parts.size() - 1);
    optimizer->update(on, step, w.view().slice(begin, end), g.view().slice(begin, end), own);
  };
  const Tensor<float> start = random_tensor<float>({n}, 1), bottom = random_tensor<float>({n}, 2);
  /// Steps down the bowl sum((w - bottom)^2) / 2.
  const auto descend = [&](int threads, int steps, bool in_parts) {
    const Cpu on(threads);
    Tensor<float> w = start.clone(), g({n});
    auto slots = slots_of();
    for (std::int64_t step = 1; step <= steps; ++step) {
      for (std::int64_t i = 0; i < n; ++i) g[i] = w[i] - bottom[i];
      if (in_parts) {
        update(on, step, w, g, slots, 0, 333);
        update(on, step, w, g, slots, 333, n);
      } else {
        update(on, step, w, g, slots, 0, n);
      }
    }
    for (const float v : slots.back().span())
      if (v != 0)
        detail::raise<CheckFailed>("uses more slots than the " + std::to_string(optimizer->slots()) + " of slots()");
    return w;
  };
  const auto distance = [&](const Tensor<float>& w) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += std::abs(static_cast<double>(w[i] - bottom[i]));
    return sum / static_cast<double>(n);
  };
  problems.run([&] {
    problems.expect(distance(descend(1, 2000, false)) < distance(start) / 2,
                    "2,000 steps of its learning rate do not halve the distance to the bottom of a bowl");
    const Tensor<float> whole = descend(1, 20, false);
    problems.expect(same_bits(whole, descend(1, 20, true)),
                    "a parameter that is updated in two parts gets other bits than one whole");
    for (const int threads : {2, 3})
      problems.expect(same_bits(whole, descend(threads, 20, false)),
                      std::to_string(threads) + " threads give other bits than one");
  });
  problems.run([&] {
    const double rate = optimizer->learning_rate();
    optimizer->set_learning_rate(rate / 2);
    problems.expect(optimizer->learning_rate() == rate / 2,
                    "learning_rate() does not give what set_learning_rate() set");
    problems.expect(optimizer->config().get("learning_rate", -1.0) == rate / 2,
                    "config() has not the learning_rate that set_learning_rate() set");
    optimizer->set_learning_rate(0);
    problems.expect(same_bits(descend(1, 3, false), start), "a learning rate of 0 changes weights");
    bool refused = false;
    try {
      optimizer->set_learning_rate(-1);
    } catch (const ValueError&) {
      refused = true;
    }
    problems.expect(refused, "set_learning_rate(-1) is not refused by a ValueError");
  });
  problems.template raise<CheckFailed>();
}

}  // namespace brindle::testing
