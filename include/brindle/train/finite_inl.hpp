// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what finite.hpp declares.
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/finite.hpp"

namespace brindle::detail {

template <class T>
bool all_finite(TensorView<const T, Cpu> x) {
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (!std::isfinite(x.data[i])) return false;
  return true;
}

template <class T, class Device>
void raise_not_finite(const std::string& who, const Device& on, const Model<T, Device>& model,
                      TensorView<const T, Device> x, TensorView<const T, Device> each, double loss, std::int64_t step,
                      std::uint64_t seed, SampleNames names, std::uint32_t leaf) {
  const std::string what = who + ": the loss is " + number_text(loss) + " at step " + std::to_string(step + 1) + "; ";
  const std::string advice = " No weight was changed by this step.";
  for (std::int64_t i = 0; i < x.shape[0]; ++i)
    if (!all_finite<T>(x.slice(i, i + 1)))
      raise<NumericsError>(what + "the batch itself has values that are not finite, those of " + names(i) +
                           "; check the data." + advice);

  Plan<T, Device> plan(on, model.graph(),
                       {.batch = x.shape[0], .training = true, .layer_by_layer = true, .seed = seed});
  const auto look = [&](std::size_t i, bool) {
    const auto& layer = model.layers()[i];
    for (const auto& p : layer->parameters())
      if (!all_finite<T>(p.value.view()))
        raise<NumericsError>(
            what + layer->who() + " is the first layer with a value that is not finite: its " + p.name +
            (step == 0 ? " was so from the start." : " since the step before; use a smaller learning_rate.") + advice);
    if (!all_finite<T>(plan.value(i + 1)))
      raise<NumericsError>(what + layer->who() +
                           " is the first layer whose output is not finite; use a smaller learning_rate, or "
                           "check that its weights and inputs are not huge." +
                           advice);
  };
  const typename Plan<T, Device>::OnStep on_step(look);
  plan.watch(&on_step);
  plan.forward(x, static_cast<std::uint32_t>(step), leaf);
  std::int64_t worst = 0;
  while (worst + 1 < each.size() && std::isfinite(each.data[worst])) ++worst;
  raise<NumericsError>(what + "every layer's output is finite, so the loss itself overflows" +
                       (std::isfinite(each.data[worst]) ? "" : ", that of " + names(worst)) +
                       "; use a smaller learning_rate." + advice);
}

template <class T, class Device>
std::vector<bool> finite_parameters(const Model<T, Device>& model) {
  std::vector<bool> finite;
  if constexpr (std::is_same_v<Device, Cpu>)
    for (const auto& layer : model.layers())
      for (const auto& p : std::as_const(*layer).parameters()) finite.push_back(all_finite<T>(p.value.view()));
  return finite;
}

template <class T, class Device>
void expect_finite_weights(const char* who, const Model<T, Device>& model, const std::vector<bool>& before,
                           std::int64_t epoch) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    std::size_t number = 0;
    for (const auto& layer : model.layers())
      for (const auto& p : std::as_const(*layer).parameters())
        if (before[number++] && !all_finite<T>(p.value.view()))
          raise<NumericsError>(std::string(who) + ": after epoch " + std::to_string(epoch) + " the " + p.name + " of " +
                               layer->who() +
                               " has a value that is not finite; use a smaller learning_rate, and go on from weights "
                               "that were kept or saved before");
  }
}

}  // namespace brindle::detail
