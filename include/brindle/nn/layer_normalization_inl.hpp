// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what layer_normalization.hpp declares.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/channel_axis.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/layer_normalization.hpp"
#include "brindle/ops/layer_normalization/layer_normalization.hpp"

namespace brindle {

template <class T, class Device>
class LayerNormalizationLayer final : public Layer<T, Device> {
 public:
  explicit LayerNormalizationLayer(const LayerNormalization& d) : LayerNormalizationLayer(d, -1) {}  ///< the last axis

  /// axis: as Keras has it, with the batch: it must be the last one. -1: the last.
  LayerNormalizationLayer(const LayerNormalization& d, std::int64_t axis)
      : epsilon_(d.epsilon), center_(d.center), scale_(d.scale), axis_(axis) {}

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    if (c.get("rms_scaling", false))
      detail::raise<ValueError>("LayerNormalization: setting \"rms_scaling\": true is not supported");
    return std::make_unique<LayerNormalizationLayer>(
        LayerNormalization{
            .epsilon = c.get("epsilon", 1e-3), .center = c.get("center", true), .scale = c.get("scale", true)},
        detail::channel_axis("LayerNormalization", c));
  }

  std::string type() const override { return "LayerNormalization"; }
  std::string default_name() const override { return "layer_normalization"; }
  Config config() const override {
    return {{"axis", axis_}, {"epsilon", epsilon_}, {"center", center_}, {"scale", scale_}};
  }

  Shape output_shape(const Shape& x) const override {
    detail::expect_last_axis(this->who(), axis_, x);
    detail::expect_epsilon(this->who(), epsilon_);
    return x;
  }

  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    std::vector<ParameterSpec> specs;
    if (scale_) specs.push_back({"gamma", {x.back()}, Initializer::ones()});
    if (center_) specs.push_back({"beta", {x.back()}, Initializer::zeros()});
    return specs;
  }

  bool sample_by_sample() const override { return true; }
  bool backward_in_place() const override { return true; }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    if (!pass.backward) return {};
    return {.backward_workspace = ops::layer_normalization_workspace<T>(pass.on, x), .reads_input = true};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::layer_normalization<T>(pass.on, x, gamma(), beta(), y, epsilon_);
  }

  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    const auto& into = gradients.into;
    const TensorView<T, Device> none;
    ops::layer_normalization_backward<T>(pass.on, x, gamma(), dy, dx, into.empty() || !scale_ ? none : into[0],
                                         into.empty() || !center_ ? none : into.back(), epsilon_, pass.workspace);
  }

 private:
  TensorView<const T, Device> gamma() const { return scale_ ? this->parameter(0) : TensorView<const T, Device>{}; }
  TensorView<const T, Device> beta() const {
    return center_ ? this->parameter(scale_ ? 1 : 0) : TensorView<const T, Device>{};
  }

  double epsilon_;
  bool center_, scale_;
  std::int64_t axis_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> LayerNormalization::LayerNormalization::make() const {
  return std::make_unique<LayerNormalizationLayer<T, Device>>(*this);
}

}  // namespace brindle
