// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what separable_conv2d.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/conv2d_settings.hpp"
#include "brindle/nn/kept_sums.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/separable_conv2d.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"

namespace brindle {

template <class T, class Device>
class SeparableConv2DLayer final : public Layer<T, Device> {
 public:
  explicit SeparableConv2DLayer(const SeparableConv2D& d) : description_(d) {}  ///< see SeparableConv2D

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return SeparableConv2D{.filters = c.get("filters", std::int64_t{0}),
                           .kernel = c.get("kernel_size", Size2(0)),
                           .activation = activation_function(c.get("activation", "linear")),
                           .stride = c.get("strides", Size2(1)),
                           .padding = detail::conv2d_padding(c),
                           .depth_multiplier = c.get("depth_multiplier", std::int64_t{1}),
                           .dilation = c.get("dilation_rate", Size2(1)),
                           .use_bias = c.get("use_bias", true)}
        .make<T, Device>();
  }

  std::string type() const override { return "SeparableConv2D"; }
  std::string default_name() const override { return "separable_conv2d"; }
  Config config() const override {
    const SeparableConv2D& d = description_;
    return {{"filters", d.filters},
            {"kernel_size", std::vector<std::int64_t>{d.kernel.h, d.kernel.w}},
            {"strides", std::vector<std::int64_t>{d.stride.h, d.stride.w}},
            {"padding", detail::conv2d_padding_setting(d.padding)},
            {"depth_multiplier", d.depth_multiplier},
            {"dilation_rate", std::vector<std::int64_t>{d.dilation.h, d.dilation.w}},
            {"activation", to_string(d.activation)},
            {"use_bias", d.use_bias}};
  }
  ActivationFunction activation() const override { return description_.activation; }

  Shape output_shape(const Shape& x) const override {
    const SeparableConv2D& d = description_;
    detail::check_convolved(this->who(), d.kernel, d.stride, d.dilation, d.padding, x);
    if (d.filters < 1 || d.depth_multiplier < 1)
      detail::raise<ValueError>(this->who() + ": filters and depth_multiplier must be at least 1, got " +
                                std::to_string(d.filters) + " and " + std::to_string(d.depth_multiplier));
    const Shape4 middle = ops::depthwise_conv2d_shape(Shape4(x.batch(1)), depthwise_shape(x[2]), depthwise());
    return {middle.h, middle.w, d.filters};
  }

  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    const SeparableConv2D& d = description_;
    const std::int64_t area = d.kernel.h * d.kernel.w, middle = x[2] * d.depth_multiplier;
    std::vector<ParameterSpec> specs{
        {"depthwise_kernel", depthwise_shape(x[2]),
         Initializer::glorot_uniform(area * x[2], area * d.depth_multiplier)},
        {"pointwise_kernel", {1, 1, middle, d.filters}, Initializer::glorot_uniform(middle, d.filters)}};
    if (d.use_bias) specs.push_back({"bias", {d.filters}, Initializer::zeros()});
    return specs;
  }

  bool sample_by_sample() const override { return true; }

  /// The pointwise filters; the depthwise ones are read as they are.
  std::int64_t prepared_bytes(const Pass<T, Device>& pass, const Shape& x) const override {
    return ops::conv2d_prepared_bytes<T>(pass.on, middle_shape(x), this->parameter(1).shape, pointwise(pass.logits));
  }
  void prepare(const Pass<T, Device>& pass, const Shape& x, Out<std::byte, Device> prepared) const override {
    ops::conv2d_prepare<T>(pass.on, middle_shape(x), this->parameter(1), pointwise(pass.logits), false, prepared);
  }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    const Shape first = this->parameters_[0].value.shape(), second = this->parameters_[1].value.shape();
    const Shape4 middle = middle_shape(x);
    const ops::Conv2DOptions o = pointwise(pass.logits);
    LayerNeeds needs;
    needs.forward_workspace =
        std::max(ops::depthwise_conv2d_forward_workspace<T>(pass.on, Shape4(x), first, depthwise()),
                 ops::conv2d_forward_workspace<T>(pass.on, middle, second, o));
    if (!pass.backward) {
      needs.forward_workspace += bytes(middle);
      return needs;
    }
    needs.saved = bytes(middle);
    if (detail::keeps_sums(pass, activation())) needs.saved += bytes(ops::conv2d_shape(middle, second, o));
    needs.backward_workspace =
        bytes(middle) + std::max(ops::depthwise_conv2d_workspace<T>(pass.on, Shape4(x), first, depthwise()),
                                 ops::conv2d_workspace<T>(pass.on, middle, second, o));
    needs.reads_input = this->trainable;
    needs.reads_output =
        !detail::keeps_sums(pass, activation()) && !pass.logits && activation() != ActivationFunction::linear;
    return needs;
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    const Shape4 shape = middle_shape(x.shape);
    const auto middle = detail::view_bytes<T>(pass.backward ? pass.saved : pass.workspace, shape);
    const auto workspace = pass.backward ? pass.workspace : behind(pass.workspace, shape);
    ops::depthwise_conv2d<T>(pass.on, x, this->parameter(0), {}, middle, depthwise(), workspace);
    if (detail::keeps_sums(pass, activation())) {
      const TensorView<T, Device> sums = detail::view_bytes<T>(behind(pass.saved, shape), y.shape);
      ops::conv2d<T>(pass.on, middle, this->parameter(1), bias(), sums, pointwise(true), workspace);
      return ops::activate<T>(pass.on, activation(), sums, y);
    }
    ops::conv2d<T>(pass.on, middle, this->parameter(1), bias(), y, pointwise(pass.logits), workspace, pass.prepared);
    if (!pass.logits && activation() == ActivationFunction::softmax) ops::activate<T>(pass.on, activation(), y, y);
  }

  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    const auto& into = gradients.into;
    const Shape4 shape = middle_shape(dx.empty() ? x.shape : dx.shape);
    detail::gradient_by_sums<T>(pass, activation(), behind(pass.saved, shape), y, dy);
    const auto middle = detail::view_bytes<T>(pass.saved, shape),
               d_middle = detail::view_bytes<T>(pass.workspace, shape);
    const auto workspace = behind(pass.workspace, shape);
    const ops::Conv2DOptions o = pointwise(true);
    if (!into.empty()) {
      const TensorView<T, Device> db = into.size() > 2 ? into[2] : TensorView<T, Device>{};
      ops::conv2d_backward_weights<T>(pass.on, middle, dy, into[1], db, o, workspace);
    }
    ops::conv2d_backward_data<T>(pass.on, dy, this->parameter(1), d_middle, o, workspace);
    if (!into.empty())
      ops::depthwise_conv2d_backward_weights<T>(pass.on, x, d_middle, into[0], {}, depthwise(), workspace);
    if (!dx.empty())
      ops::depthwise_conv2d_backward_data<T>(pass.on, d_middle, this->parameter(0), dx, depthwise(), workspace);
  }

 private:
  Shape depthwise_shape(std::int64_t channels) const {
    return {description_.kernel.h, description_.kernel.w, channels, description_.depth_multiplier};
  }
  /// Of what the depthwise convolution gives for a batch x.
  Shape4 middle_shape(const Shape& x) const {
    return ops::depthwise_conv2d_shape(Shape4(x), depthwise_shape(x[3]), depthwise());
  }
  ops::DepthwiseConv2DOptions depthwise() const {
    return {.stride = description_.stride, .padding = description_.padding, .dilation = description_.dilation};
  }
  ops::Conv2DOptions pointwise(bool logits) const {
    return {.activation = detail::activation_in_pass(logits, activation())};
  }
  TensorView<const T, Device> bias() const {
    return description_.use_bias ? this->parameter(2) : TensorView<const T, Device>{};
  }
  /// Of an array of y's kind, so that what lies behind it is aligned.
  static std::int64_t bytes(const Shape4& middle) {
    constexpr std::int64_t line = 256;  // what cuDNN asks for
    return (middle.size() * static_cast<std::int64_t>(sizeof(T)) + line - 1) / line * line;
  }
  static TensorView<std::byte, Device> behind(const TensorView<std::byte, Device>& memory, const Shape4& middle) {
    return {memory.data + bytes(middle), {memory.size() - bytes(middle)}};
  }

  SeparableConv2D description_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> SeparableConv2D::SeparableConv2D::make() const {
  return std::make_unique<SeparableConv2DLayer<T, Device>>(*this);
}

}  // namespace brindle
