// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what familiarity.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/for_each_batch.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/temperature.hpp"

namespace brindle {

BRINDLE_INLINE double Familiarity::distance(std::span<const float> feature) const {
  if (static_cast<std::int64_t>(feature.size()) != width || width == 0)
    detail::raise<ShapeError>("Familiarity: expected a feature of " + std::to_string(width) + " numbers, got " +
                              std::to_string(feature.size()));
  double squares = 0;
  for (const float v : feature) {
    if (!std::isfinite(v))
      detail::raise<NumericsError>("Familiarity: a feature has " + detail::number_text(static_cast<double>(v)) +
                                   ", expected finite numbers; look for the cause in the weights or the data");
    squares += static_cast<double>(v) * static_cast<double>(v);
  }
  if (squares == 0) return 1;
  double most = -1;
  for (std::int64_t row = 0; row < count(); ++row) {
    const float* kept = features.data() + row * width;
    double product = 0;
    for (std::size_t i = 0; i < feature.size(); ++i)
      product += static_cast<double>(kept[i]) * static_cast<double>(feature[i]);
    most = std::max(most, product / std::sqrt(squares));
  }
  return std::clamp(1 - most, 0.0, 2.0);
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE void check_familiarity(const std::string& who, const Familiarity& f) {
  const auto numbers = static_cast<std::int64_t>(f.features.size());
  if (f.width == 0 && numbers == 0) return;
  if (f.width < 1 || numbers < f.width || numbers % f.width != 0 || numbers > Familiarity::most_numbers)
    raise<ValueError>(who + ": " + std::to_string(numbers) + " numbers of features of " + std::to_string(f.width) +
                      " each, expected whole features, at least one, and at most " +
                      std::to_string(Familiarity::most_numbers) + " numbers");
  if (!(f.threshold >= 0 && f.threshold <= 2) || !(f.refused >= 0 && f.refused <= 1))
    raise<ValueError>(who + ": a distance of " + number_text(f.threshold) + " at which " + number_text(f.refused) +
                      " are refused, expected 0 to 2 and 0 to 1");
  for (std::size_t i = 0; i < f.features.size(); ++i)
    if (!(std::abs(f.features[i]) <= 1.001f))
      raise<ValueError>(who + ": number " + std::to_string(i) + " of the features is " +
                        number_text(static_cast<double>(f.features[i])) + ", expected -1 to 1");
}

BRINDLE_INLINE void to_length_one(std::span<float> row) {
  double squares = 0;
  for (const float v : row) squares += static_cast<double>(v) * static_cast<double>(v);
  if (squares == 0) return;
  for (float& v : row) v = static_cast<float>(static_cast<double>(v) / std::sqrt(squares));
}

template <class T, class Device>
std::size_t feature_value(const std::string& who, const Model<T, Device>& model) {
  const std::size_t layer = layer_of_logits(who, model), value = model.inputs(layer).front();
  const auto layers = model.layers();
  const std::string before = value == 0 ? "" : layers[value - 1]->type();
  if (before == "Rescaling" || before == "Normalization")
    raise<ValueError>(who + ": " + layers[value - 1]->who() +
                      " gives the features, and prediction takes it into the layer behind it; put another layer "
                      "between them");
  return value;
}

template <class T, class Device>
std::int64_t feature_width(const Model<T, Device>& model, std::size_t value) {
  const Shape& shape = model.graph().value_shape(value);
  return shape.rank() == 3 ? shape[2] : shape.size();
}

template <class T, class Device>
void predict_with_features(const Model<T, Device>& model, std::size_t value, TensorView<const T, Cpu> x,
                           std::int64_t batch, TensorView<float, Cpu> y, TensorView<float, Cpu> features) {
  const std::int64_t n = x.shape[0], width = feature_width(model, value);
  const std::int64_t positions = model.graph().value_shape(value).size() / width;
  batch = std::min(batch, std::max<std::int64_t>(n, 1));
  // The value's memory is not used for others.
  Plan<T, Device> plan(model.device(), model.graph(), PlanOptions{.batch = batch, .gradient_of = value});
  Tensor<T, Device> there = Tensor<T, Device>::uninitialized(model.input_shape().batch(batch));
  for_each_batch(n, batch, [&](std::int64_t begin, std::int64_t end) {
    const TensorView<T, Device> part = there.view().slice(0, end - begin);
    copy_between_devices<T, Cpu, Device>(x.slice(begin, end), part);
    const HostCopy<T, Device> outputs(plan.forward(part)), values(plan.value(value));
    const std::int64_t each = y.size() / n;
    for (std::int64_t i = 0; i < (end - begin) * each; ++i)
      y.data[begin * each + i] = static_cast<float>(outputs.data()[i]);
    for (std::int64_t i = 0; i < end - begin; ++i)
      for (std::int64_t c = 0; c < width; ++c) {
        double sum = 0;
        for (std::int64_t p = 0; p < positions; ++p)
          sum += static_cast<double>(values.data()[(i * positions + p) * width + c]);
        features.data[(begin + i) * width + c] = static_cast<float>(sum / static_cast<double>(positions));
      }
  });
}

}  // namespace brindle::detail
