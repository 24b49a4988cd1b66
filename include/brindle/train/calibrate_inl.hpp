// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what calibrate.hpp declares.
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/calibration.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/temperature.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/train/calibrate.hpp"
#include "brindle/train/evaluator.hpp"

namespace brindle::detail {

/// How the model's logits become probabilities. Throws ValueError where they do not.
template <class T, class Device>
CalibrationOptions calibration_options(const std::string& who, const Model<T, Device>& model,
                                       const CalibrateOptions& o) {
  const LastActivation last = last_activation(model);
  const std::int64_t outputs = model.output_shape().size();
  if (model.output_shape().rank() != 1)
    raise<ShapeError>(who + ": the model gives " + to_string_batch(model.output_shape()) +
                      ", expected (None, classes); end it with Flatten{} and Dense{classes, softmax}");
  const bool is_sigmoid = last.function == ActivationFunction::sigmoid,
             is_softmax = last.function == ActivationFunction::softmax;
  if (o.from_logits && (is_sigmoid || is_softmax))
    raise<ValueError>(who + ": " + last.layer + " ends in " + to_string(last.function) +
                      ", but .from_logits says that the model gives logits; leave it out");
  if (!o.from_logits && !is_sigmoid && !is_softmax)
    raise<ValueError>(who + ": " + last.layer +
                      " ends without sigmoid or softmax, so its outputs are no probabilities; if they are logits, say "
                      ".from_logits = true");
  if (is_softmax && outputs == 1)
    raise<ValueError>(who + ": " + last.layer +
                      " is a softmax of one output, which is always 1; end the model with Dense{1, sigmoid} or "
                      "Dense{2, softmax}");
  return {.from_logits = false,
          .each_output = outputs > 1 && (is_sigmoid || (o.from_logits && o.each_output)),
          .bins = o.bins};
}

}  // namespace brindle::detail

namespace brindle {

template <class T, class Device>
Calibrated calibrate(Model<T, Device>& model, const data::Source& validation, const CalibrateOptions& options) {
  const std::string who = "calibrate";
  Calibrated c{.options = detail::calibration_options(who, model, options)};
  c.layer = model.layers()[detail::layer_of_logits(who, model)]->name;
  Cpu host;  // that reads
  if constexpr (std::is_same_v<Device, Cpu>) host = model.device();
  // Without the last sigmoid or softmax where it can be left out: it hides how sure it is where it says 1.
  const bool without = !options.from_logits && detail::last_activation(model).may_be_left;
  const bool logits = without || options.from_logits;
  const Tensor<T> outputs = detail::Evaluator<T, Device>::predict(who, model, host, validation, options.batch, without);
  Tensor<float> y = Tensor<float>::uninitialized(outputs.shape());
  for (std::int64_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(outputs[i]);
  CalibrationOptions are = c.options;
  are.from_logits = logits;
  c.temperature = find_temperature(y, validation.labels(), are);
  divide_logits(model, c.temperature.value);
  const bool single = y.shape()[1] == 1 || c.options.each_output;
  for (float& value : y.span()) {
    const auto in_double = static_cast<double>(value);
    value = static_cast<float>((logits ? in_double : detail::logit_of(in_double, single)) / c.temperature.value);
  }
  ops::activate<float>(host, single ? ActivationFunction::sigmoid : ActivationFunction::softmax, y.view(), y.view());
  c.probabilities = std::move(y);
  return c;
}

}  // namespace brindle
