// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what temperature.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/calibration.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/temperature.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle {

BRINDLE_INLINE std::string to_string(TemperatureReason reason) {
  if (reason == TemperatureReason::separable)
    return "all samples are classified right, so that no temperature is low enough";
  if (reason == TemperatureReason::no_better)
    return "the outputs tell the classes no better than chance, so that no temperature is high enough";
  return "the negative log-likelihood is smallest there";
}

BRINDLE_INLINE Temperature find_temperature(In<float, Cpu> outputs, In<float, Cpu> labels,
                                            const CalibrationOptions& options) {
  const std::string who = "find_temperature";
  const detail::LabelledLogits all = detail::labelled_logits(who, outputs, labels, options);
  const auto first = all.labels.front();
  if (std::all_of(all.labels.begin(), all.labels.end(), [&](std::int64_t label) { return label == first; }))
    detail::raise<DataError>(who + ": all " + std::to_string(all.labels.size()) + " labels are " +
                             std::to_string(first) + ", expected samples of at least two classes");
  Temperature t;
  t.before = all.calibration(1, options.bins);
  t.after = t.before;
  bool separable = true;
  for (std::int64_t i = 0; i < all.rows && separable; ++i) {
    const double* z = all.logits.data() + i * all.columns;
    const auto label = all.labels[static_cast<std::size_t>(i)];
    separable = all.columns == 1 ? (label == 1 ? *z >= 0 : *z <= 0) : z[label] >= *std::max_element(z, z + all.columns);
  }
  // The likelihood is convex in the scale, 1 / temperature. Where outputs are equal its slope is zero everywhere.
  const detail::LabelledLogits::Likelihood at_zero = all.at(0);
  if (!(at_zero.slope < 0)) {
    t.reason = TemperatureReason::no_better;
    return t;
  }
  if (separable) {
    t.reason = TemperatureReason::separable;
    return t;
  }
  double low = 0, high = 1;  // the slope is negative at low, and not so at high
  while (all.at(high).slope < 0) low = high, high *= 2;
  double scale = low > 0 ? low : high / 2;
  for (int step = 0; step < 200 && high - low > 1e-15 * high; ++step) {
    const detail::LabelledLogits::Likelihood here = all.at(scale);
    (here.slope < 0 ? low : high) = scale;
    const double newton = scale - here.slope / here.curvature;
    const double next = newton > low && newton < high ? newton : (low + high) / 2;
    if (std::abs(next - scale) <= 1e-15 * scale) break;
    scale = next;
  }
  t.value = 1 / scale;
  t.after = all.calibration(scale, options.bins);
  return t;
}

}  // namespace brindle

namespace brindle::detail {

/// Whether a layer gives c y for c x, whatever positive number c is.
template <class T, class Device>
bool passes_factors(const Layer<T, Device>& layer, const Device& on) {
  const ActivationFunction f = layer.activation();
  if (f != ActivationFunction::linear) return f == ActivationFunction::relu || f == ActivationFunction::leaky_relu;
  if (layer.output_numbers() == OutputNumbers::of_input || layer.type() == "LeakyReLU") return true;
  if (layer.type() == "ReLU") {
    const Config config = layer.config();
    return !config.find("max_value") && config.get("threshold", 0.0) == 0;
  }
  return layer.is_identity(Pass<T, Device>{.on = on});
}

template <class T, class Device>
std::size_t layer_of_logits(const std::string& who, const Model<T, Device>& model) {
  const auto layers = model.layers();
  bool squashed = false;  // the last activation has been passed
  for (std::size_t i = layers.size(); i-- > 0;) {
    const Layer<T, Device>& layer = *layers[i];
    const ActivationFunction f = layer.activation();
    const std::string type = layer.type();
    const bool kernel = type == "Dense" || type == "Conv2D" || type == "DepthwiseConv2D" || type == "SeparableConv2D";
    const bool squashes = f == ActivationFunction::sigmoid || f == ActivationFunction::softmax;
    // Only copies may stand behind the last activation: the mean of probabilities is not that of their logits.
    bool last = squashes && !squashed;
    for (std::size_t k = i + 1; k < layers.size() && last; ++k)
      last = layers[k]->is_identity(Pass<T, Device>{.on = model.device()});
    if (kernel && (last || f == ActivationFunction::linear || passes_factors(layer, model.device()))) return i;
    if (kernel || layer.merge() || !(last || (!squashes && passes_factors(layer, model.device())))) {
      const bool normalizes = type == "BatchNormalization";
      raise<ValueError>(who + ": " + layer.who() + (f == ActivationFunction::linear ? "" : " (" + to_string(f) + ")") +
                        " stands between the last layer with a kernel and the outputs, and does not give half of what "
                        "it gives for half of its input; " +
                        (normalizes ? "fold the model first, folded(std::move(model))"
                                    : "end the model in Dense{classes, softmax}, or divide its logits yourself"));
    }
    squashed = squashed || last;
  }
  raise<ValueError>(who +
                    ": the model has no Dense layer and no convolution, whose kernel could be divided; end it in "
                    "Dense{classes, softmax}");
}

}  // namespace brindle::detail

namespace brindle {

template <class T, class Device>
std::string divide_logits(Model<T, Device>& model, double temperature) {
  if (!(temperature > 0) || !std::isfinite(temperature))
    detail::raise<ValueError>("divide_logits: a temperature is a positive number, got " +
                              detail::number_text(temperature));
  Layer<T, Device>& layer = *model.layers()[detail::layer_of_logits("divide_logits", model)];
  if (temperature == 1) return layer.name;
  // Of a SeparableConv2D the pointwise kernel and the bias: what comes last.
  auto& parameters = layer.parameters();
  for (std::size_t p = layer.type() == "SeparableConv2D" ? 1 : 0; p < parameters.size(); ++p) {
    const TensorView<T, Device> there = parameters[p].value.view();
    const detail::HostCopy<T, Device> read(there);
    Tensor<T> divided = Tensor<T>::uninitialized(there.shape);
    for (std::int64_t i = 0; i < divided.size(); ++i)
      divided[i] = static_cast<T>(static_cast<double>(read.data()[i]) / temperature);
    detail::copy_between_devices<T, Cpu, Device>(divided.view(), there);
  }
  return layer.name;
}

}  // namespace brindle
