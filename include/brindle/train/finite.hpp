#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/sequential.hpp"

namespace brindle {

/// Whether no element is NaN or infinite.
template <class T>
bool all_finite(TensorView<const T, Cpu> x) {
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (!std::isfinite(x.data[i])) return false;
  return true;
}

/// Throws the NumericsError of a training step whose loss is not finite, naming the layer that first produced a value
/// that is not: runs the step's forward pass again on its batch x, layer by layer.
template <class T, class Device>
[[noreturn]] void raise_not_finite(const Device& on, const Sequential<T, Device>& model, TensorView<const T, Device> x,
                                   double loss, std::int64_t step, std::uint64_t seed) {
  const std::string what = "fit: the loss is " + detail::number_text(loss) + " at step " + std::to_string(step + 1) + "; ";
  const std::string advice = " The weights are those before this step.";
  if (!all_finite<T>(x))
    detail::raise<NumericsError>(what + "the batch itself has values that are not finite; check the data." + advice);

  Tensor<T, Device> y;
  TensorView<const T, Device> input = x;
  Shape shape = model.input_shape();
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const auto& layer = model.layers()[i];
    for (const auto& p : layer->parameters())
      if (!all_finite<T>(p.value.view()))
        detail::raise<NumericsError>(what + layer->who() + " is the first layer with a value that is not finite: its " +
                                     p.name + (step == 0 ? " was so from the start." : " since the step before; use a smaller learning_rate.") + advice);
    Plan<T, Device> plan(on, std::span(&layer, 1), shape,
                         {.batch = x.shape[0], .training = true, .seed = seed});
    Tensor<T, Device> output = Tensor<T, Device>::uninitialized(model.output_shape(i).batch(x.shape[0]));
    const TensorView<T, Device> result = plan.forward(input, static_cast<std::uint32_t>(step));
    Memory<Device>::copy(output.data(), result.data, output.bytes());
    if (!all_finite<T>(output.view()))
      detail::raise<NumericsError>(what + layer->who() +
                                   " is the first layer whose output is not finite; use a smaller learning_rate, or "
                                   "check that its weights and inputs are not huge." + advice);
    shape = model.output_shape(i);
    y = std::move(output);
    input = y.view();
  }
  detail::raise<NumericsError>(what + "every layer's output is finite, so the loss itself overflows; use a smaller "
                                      "learning_rate." + advice);
}

}  // namespace brindle
