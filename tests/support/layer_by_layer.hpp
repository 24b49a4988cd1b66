// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/plan_options.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tensors.hpp"

namespace brindle::test {

inline constexpr PlanOptions prediction_options{}, training_options{.training = true, .backward = true};

/// What a plan of a model gives for one batch: its output, and with a backward pass all gradients of parameters.
inline std::vector<Tensor<float>> plan_results(const Model<float>& model, const Tensor<float>& x,
                                               const PlanOptions& options) {
  const auto copy = [](const TensorView<const float>& from) {
    Tensor<float> to(from.shape);
    std::copy_n(from.data, from.size(), to.data());
    return to;
  };
  Plan<float, Cpu> plan(model.device(), model.graph(), options);
  std::vector<Tensor<float>> results;
  results.push_back(copy(plan.forward(x, 1)));
  if (!options.backward) return results;
  const Tensor<float> dy = random_tensor<float>(results[0].shape(), 99);
  std::copy_n(dy.data(), dy.size(), plan.output_gradient().data);
  plan.backward([&](std::size_t, std::span<const TensorView<float, Cpu>> of) {
    for (const auto& g : of) results.push_back(copy(g));
  });
  if (options.gradient_of) results.push_back(copy(plan.value_gradient()));
  return results;
}

/// How far what they give may be apart, as a share of the largest element; 0: not by a bit.
struct Apart {
  double output = 0, gradients = 0;
};

/// A plan whose steps are of several layers gives what one does that goes layer by layer.
inline void check_layer_by_layer(const Model<float>& model, const Tensor<float>& x, PlanOptions options,
                                 const Apart& allowed = {}) {
  options.batch = x.shape()[0];
  options.keep_gradients = options.backward && !options.gradient_of;
  const auto together = plan_results(model, x, options);
  options.layer_by_layer = true;
  const auto apart = plan_results(model, x, options);
  REQUIRE(together.size() == apart.size());
  for (std::size_t i = 0; i < apart.size(); ++i) {
    INFO("result " << i << " of " << apart.size());
    const double share = i == 0 ? allowed.output : allowed.gradients;
    if (share == 0)
      CHECK(same_bits(together[i], apart[i]));
    else
      check_close("result", together[i], apart[i], share);
  }
}

}  // namespace brindle::test
