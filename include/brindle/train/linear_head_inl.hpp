// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what linear_head.hpp declares.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/temperature.hpp"
#include "brindle/train/class_weights.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/linear_head.hpp"
#include "brindle/train/minimize.hpp"

namespace brindle {
namespace detail {

/// The loss of softmax regression and its gradient, for minimize().
class SoftmaxRegression {
 public:
  /// x (N, F): as it is learned from. weights: of each sample, over N.
  SoftmaxRegression(const Cpu& on, const Tensor<float>& x, const std::vector<std::int64_t>& labels,
                    std::vector<double> weights, std::int64_t classes, double penalty)
      : on_(&on),
        x_(&x),
        labels_(&labels),
        weights_(std::move(weights)),
        features_(x.shape().sample().size()),
        classes_(classes),
        penalty_(penalty) {}

  /// Numbers that are looked for: the kernel, class after class, then the bias.
  std::size_t unknowns() const { return static_cast<std::size_t>(classes_ * (features_ + 1)); }

  double operator()(const std::vector<double>& at, std::vector<double>& gradient) const {
    const std::int64_t n = x_->shape()[0], parts = (n + rows - 1) / rows, bias = classes_ * features_;
    std::vector<std::vector<double>> gradients(static_cast<std::size_t>(parts));
    std::vector<double> losses(static_cast<std::size_t>(parts), 0.0);
    on_->parallel(parts, [&](std::int64_t part, int) {
      std::vector<double>& g = gradients[static_cast<std::size_t>(part)];
      g.assign(unknowns(), 0.0);
      std::vector<double> y(static_cast<std::size_t>(classes_));
      for (std::int64_t i = part * rows; i < std::min(n, (part + 1) * rows); ++i)
        losses[static_cast<std::size_t>(part)] += add_sample(i, at.data(), at.data() + bias, y, g.data());
    });
    double loss = 0;
    std::fill(gradient.begin(), gradient.end(), 0.0);
    for (std::size_t part = 0; part < gradients.size(); ++part) {  // in order, whatever thread was first
      loss += losses[part];
      for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += gradients[part][k];
    }
    for (std::size_t k = 0; k < static_cast<std::size_t>(bias); ++k) {
      loss += penalty_ * at[k] * at[k] / 2;
      gradient[k] += penalty_ * at[k];
    }
    return loss;
  }

 private:
  static constexpr std::int64_t rows = 128;  // whose sums are made by one thread

  double add_sample(std::int64_t i, const double* w, const double* b, std::vector<double>& y, double* gradient) const {
    const float* sample = x_->data() + i * features_;
    for (std::int64_t c = 0; c < classes_; ++c) {
      double score = b[c];
      for (std::int64_t f = 0; f < features_; ++f) score += w[c * features_ + f] * static_cast<double>(sample[f]);
      y[static_cast<std::size_t>(c)] = score;
    }
    const double largest = *std::max_element(y.begin(), y.end());
    double sum = 0;
    for (const double score : y) sum += std::exp(score - largest);
    const auto label = static_cast<std::size_t>((*labels_)[static_cast<std::size_t>(i)]);
    const double weight = weights_[static_cast<std::size_t>(i)];
    const double loss = weight * (largest + std::log(sum) - y[label]);
    for (std::int64_t c = 0; c < classes_; ++c) {
      const auto at = static_cast<std::size_t>(c);
      const double g = weight * (std::exp(y[at] - largest) / sum - (at == label ? 1 : 0));
      for (std::int64_t f = 0; f < features_; ++f) gradient[c * features_ + f] += g * static_cast<double>(sample[f]);
      gradient[classes_ * features_ + c] += g;
    }
    return loss;
  }

  const Cpu* on_;
  const Tensor<float>* x_;
  const std::vector<std::int64_t>* labels_;
  std::vector<double> weights_;
  std::int64_t features_, classes_;
  double penalty_;
};

}  // namespace detail

BRINDLE_INLINE LinearHead linear_head(const Cpu& on, TensorView<const float> x, TensorView<const float> labels,
                                      const LinearHeadOptions& o) {
  const std::string who = "linear_head";
  const std::vector<std::int64_t> classes = detail::class_numbers(who, x, labels);
  if (!(o.penalty > 0 && std::isfinite(o.penalty)))
    detail::raise<ValueError>(who + ": expected a penalty above 0, got " + std::to_string(o.penalty));
  detail::check_linear_options(who, 1 / o.penalty, o.tolerance, o.most_steps, "most_steps");
  const std::int64_t n = x.shape[0], features = x.shape.sample().size();
  const std::int64_t count = *std::max_element(classes.begin(), classes.end()) + 1;
  std::vector<double> weights(classes.size(), 1 / static_cast<double>(n));
  detail::check_class_weight(who, o.class_weight, count);
  for (const auto& [number, weight] : o.class_weight)
    for (std::size_t i = 0; i < classes.size(); ++i)
      if (classes[i] == number) weights[i] *= weight;
  const detail::CentredFeatures centred = detail::centred_features(x);

  const detail::SoftmaxRegression loss(on, centred.rows, classes, std::move(weights), count, o.penalty);
  std::vector<double> found(loss.unknowns(), 0.0);
  const std::int64_t steps = detail::minimize(found, o.tolerance, o.most_steps, loss);

  LinearHead head{Tensor<float>({features, count}), Tensor<float>({count}), steps};
  for (std::int64_t c = 0; c < count; ++c) {
    double bias = found[static_cast<std::size_t>(count * features + c)];
    for (std::int64_t f = 0; f < features; ++f) {
      const double w = found[static_cast<std::size_t>(c * features + f)] * centred.scale;
      head.kernel[f * count + c] = static_cast<float>(w);
      bias -= w * centred.mean[static_cast<std::size_t>(f)];
    }
    head.bias[c] = static_cast<float>(bias);
  }
  return head;
}

BRINDLE_INLINE double linear_head_seconds(const Cpu& on, TensorView<const float> x, TensorView<const float> labels,
                                          const LinearHeadOptions& options) {
  LinearHeadOptions few = options;
  few.most_steps = std::min<std::int64_t>(5, options.most_steps);
  const auto start = std::chrono::steady_clock::now();
  const LinearHead head = linear_head(on, x, labels, few);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  constexpr std::int64_t usual = 100;  // steps, of features of photos
  return seconds * static_cast<double>(std::min(usual, options.most_steps)) /
         static_cast<double>(std::max<std::int64_t>(1, head.steps));
}

template <class T, class Device>
std::string set_linear_head(Model<T, Device>& model, const LinearHead& head) {
  const std::string who = "set_linear_head";
  Layer<T, Device>& layer = *model.layers()[detail::layer_of_logits(who, model)];
  if (layer.type() != "Dense")
    detail::raise<ValueError>(who + ": " + layer.name + " is a " + layer.type() +
                              "; the last layer with a kernel must be a Dense");
  auto& parameters = layer.parameters();
  if (parameters.size() != 2)
    detail::raise<ValueError>(who + ": " + layer.name + " has no bias; a linear head needs one");
  const Tensor<float>* const values[] = {&head.kernel, &head.bias};
  for (std::size_t i = 0; i < 2; ++i)
    if (!(parameters[i].value.shape() == values[i]->shape()))
      detail::raise<ShapeError>(who + ": " + layer.name + "/" + parameters[i].name + " is " +
                                to_string(parameters[i].value.shape()) + ", the head has " +
                                to_string(values[i]->shape()));
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<T> converted(values[i]->data(), values[i]->data() + values[i]->size());
    Memory<Device>::copy_from_host(parameters[i].value.data(), converted.data(), converted.size() * sizeof(T));
  }
  return layer.name;
}

}  // namespace brindle
