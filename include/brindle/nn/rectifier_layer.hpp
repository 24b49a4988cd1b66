// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include "brindle/core/number_text.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/activation.hpp"

namespace brindle::detail {

/// Throws ValueError, beginning with the layer, unless the setting is a number of at least 0.
template <class T, class Device>
void expect_at_least_0(const Layer<T, Device>& layer, const char* setting, double value, bool may_be_infinite = false) {
  if (value >= 0 && (may_be_infinite || std::isfinite(value))) return;
  raise<ValueError>(layer.who() + ": " + setting + " must be a number of at least 0, got " + number_text(value));
}

/// What ReLU and LeakyReLU have in common. Settings that a function of ActivationFunction has are that function.
template <class T, class Device>
class RectifierLayer : public Layer<T, Device> {
 public:
  ActivationFunction activation() const override {
    for (const ActivationFunction f : {relu, relu6, leaky_relu})
      if (options_ == options_of(f)) return f;
    return ActivationFunction::linear;
  }
  Shape output_shape(const Shape& x) const override {
    expect_at_least_0(*this, "max_value", options_.max_value, true);
    expect_at_least_0(*this, "negative_slope", options_.negative_slope);
    expect_at_least_0(*this, "threshold", options_.threshold);
    return x;
  }
  Epilogue epilogue() const override { return activation_epilogue(activation()); }
  bool sample_by_sample() const override { return true; }
  bool backward_in_place() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>& pass, const Shape&) const override {
    return {.reads_input = pass.backward && !listed(), .reads_output = pass.backward && listed()};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    if (listed())
      ops::activate<T>(pass.on, activation(), x, y);
    else
      ops::rectify<T>(pass.on, x, y, options_);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (dx.empty()) return;
    if (listed())
      ops::activation_backward<T>(pass.on, activation(), y, dy, dx);
    else
      ops::rectify_backward<T>(pass.on, x, dy, dx, options_);
  }

 protected:
  explicit RectifierLayer(const ops::RectifierOptions& options) : options_(options) {}

  ops::RectifierOptions options_;

 private:
  static ops::RectifierOptions options_of(ActivationFunction f) {
    if (f == ActivationFunction::relu6) return {.max_value = 6};
    if (f == ActivationFunction::leaky_relu) return {.negative_slope = 0.2};
    return {};
  }
  bool listed() const { return activation() != ActivationFunction::linear; }
};

}  // namespace brindle::detail
