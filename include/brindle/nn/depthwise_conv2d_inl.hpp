// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what depthwise_conv2d.hpp declares.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/conv2d_settings.hpp"
#include "brindle/nn/depthwise_conv2d.hpp"
#include "brindle/nn/kept_sums.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/moving_normalization.hpp"
#include "brindle/nn/row_window.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d_backward.hpp"

namespace brindle {

template <class T, class Device>
class DepthwiseConv2DLayer final : public Layer<T, Device> {
 public:
  explicit DepthwiseConv2DLayer(const DepthwiseConv2D& d) : description_(d) {}  ///< see DepthwiseConv2D

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return DepthwiseConv2D{.kernel = c.get("kernel_size", Size2(0)),
                           .activation = activation_function(c.get("activation", "linear")),
                           .stride = c.get("strides", Size2(1)),
                           .padding = detail::conv2d_padding(c),
                           .depth_multiplier = c.get("depth_multiplier", std::int64_t{1}),
                           .dilation = c.get("dilation_rate", Size2(1)),
                           .use_bias = c.get("use_bias", true)}
        .make<T, Device>();
  }

  std::string type() const override { return "DepthwiseConv2D"; }
  std::string default_name() const override { return "depthwise_conv2d"; }
  Config config() const override {
    const DepthwiseConv2D& d = description_;
    return {{"kernel_size", std::vector<std::int64_t>{d.kernel.h, d.kernel.w}},
            {"strides", std::vector<std::int64_t>{d.stride.h, d.stride.w}},
            {"padding", detail::conv2d_padding_setting(d.padding)},
            {"depth_multiplier", d.depth_multiplier},
            {"dilation_rate", std::vector<std::int64_t>{d.dilation.h, d.dilation.w}},
            {"activation", to_string(d.activation)},
            {"use_bias", d.use_bias}};
  }
  ActivationFunction activation() const override { return description_.activation; }

  Shape output_shape(const Shape& x) const override {
    const DepthwiseConv2D& d = description_;
    detail::check_convolved(this->who(), d.kernel, d.stride, d.dilation, d.padding, x);
    if (d.depth_multiplier < 1)
      detail::raise<ValueError>(this->who() + ": depth_multiplier must be at least 1, got " +
                                std::to_string(d.depth_multiplier));
    return Shape(ops::depthwise_conv2d_shape(Shape4(x.batch(1)), kernel_shape(x), options(false))).sample();
  }

  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    const std::int64_t area = description_.kernel.h * description_.kernel.w, filters = description_.depth_multiplier;
    std::vector<ParameterSpec> specs{
        {"kernel", kernel_shape(x), Initializer::glorot_uniform(area * x[2], area * filters)}};
    if (description_.use_bias) specs.push_back({"bias", {x[2] * filters}, Initializer::zeros()});
    return specs;
  }

  bool sample_by_sample() const override { return true; }
  bool takes_border() const override { return detail::takes_border<Device>(description_.padding); }
  bool normalizes() const override { return detail::normalizes<Device>(activation()); }
  bool takes_prologue() const override {
    return ops::depthwise_conv2d_takes_prologue<Device>(this->parameters_[0].value.shape());
  }

  bool takes_gradient_prologue(const Border& border) const override {
    return activation() == ActivationFunction::linear &&
           ops::depthwise_conv2d_takes_gradient_prologue<Device>(this->parameters_[0].value.shape(),
                                                                 options(false, border));
  }

  std::optional<RowWindow> row_window(const Pass<T, Device>& pass, const Shape& x) const override {
    if (!std::is_same_v<Device, Cpu> || pass.reads_deferred) return {};
    return detail::row_window(Shape4(x), this->parameters_[0].value.shape(), options(pass).by_groups(x.back()));
  }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    const Shape kernel = this->parameters_[0].value.shape();
    const ops::DepthwiseConv2DOptions o = options(pass);
    LayerNeeds needs;
    needs.forward_workspace =
        ops::depthwise_conv2d_forward_workspace<T>(pass.on, Shape4(x), kernel, o, pass.reads_deferred);
    if (pass.normalized) needs.forward_workspace += detail::normalization_bytes<T>(kernel[2] * kernel[3]);
    if (!pass.backward) return needs;
    needs.backward_workspace = ops::depthwise_conv2d_workspace<T>(pass.on, Shape4(x), kernel, o,
                                                                  pass.reads_deferred || pass.reads_deferred_gradient);
    needs.reads_input = this->trainable;
    if (detail::keeps_sums(pass, activation()))
      needs.saved =
          Shape(ops::depthwise_conv2d_shape(Shape4(x), kernel, o)).size() * static_cast<std::int64_t>(sizeof(T));
    else
      needs.reads_output = !pass.logits && activation() != ActivationFunction::linear;
    return needs;
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    if constexpr (std::is_same_v<Device, Cpu>)
      if (pass.normalized) {
        const detail::NormalizedPass with(pass, options(pass));
        return ops::depthwise_conv2d_normalized<T>(pass.on, x, this->parameter(0), bias(), with.behind, y, with.options,
                                                   with.workspace);
      }
    if (detail::keeps_sums(pass, activation())) {
      const TensorView<T, Device> sums = detail::view_bytes<T>(pass.saved, y.shape);
      ops::depthwise_conv2d<T>(pass.on, x, this->parameter(0), bias(), sums, options(true, pass.border), pass.workspace,
                               pass.prologue);
      return ops::activate<T>(pass.on, activation(), sums, y);
    }
    ops::depthwise_conv2d<T>(pass.on, x, this->parameter(0), bias(), y, options(pass), pass.workspace, pass.prologue);
    if (!pass.logits && activation() == ActivationFunction::softmax) ops::activate<T>(pass.on, activation(), y, y);
  }

  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    detail::gradient_by_sums<T>(pass, activation(), pass.saved, y, dy);
    const ops::DepthwiseConv2DOptions o = options(true, pass.border);
    const auto& into = gradients.into;
    const TensorView<T, Device> db = into.size() > 1 ? into[1] : TensorView<T, Device>{};
    if constexpr (std::is_same_v<Device, Cpu>)
      if (pass.reads_deferred_gradient || pass.gives_gradient_sums)
        return ops::depthwise_conv2d_backward<T>(pass.on, x, dy, this->parameter(0), into[0], db, dx, o, pass.workspace,
                                                 pass.prologue, pass.gradient_prologue, pass.gradient_sums);
    if (!into.empty())
      ops::depthwise_conv2d_backward_weights<T>(pass.on, x, dy, into[0], db, o, pass.workspace, pass.prologue);
    if (!dx.empty()) ops::depthwise_conv2d_backward_data<T>(pass.on, dy, this->parameter(0), dx, o, pass.workspace);
  }

 private:
  Shape kernel_shape(const Shape& x) const {
    return {description_.kernel.h, description_.kernel.w, x[2], description_.depth_multiplier};
  }
  TensorView<const T, Device> bias() const {
    return description_.use_bias ? this->parameter(1) : TensorView<const T, Device>{};
  }
  ops::DepthwiseConv2DOptions options(const Pass<T, Device>& pass) const {
    ops::DepthwiseConv2DOptions o = options(pass.logits, pass.border);
    if (pass.around_rows) o.padding = *pass.around_rows;
    return o;
  }
  ops::DepthwiseConv2DOptions options(bool logits, const Border& border = {}) const {
    return {.stride = description_.stride,
            .padding = detail::padding_with(description_.padding, border),
            .activation = detail::activation_in_pass(logits, activation()),
            .dilation = description_.dilation};
  }

  DepthwiseConv2D description_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> DepthwiseConv2D::DepthwiseConv2D::make() const {
  return std::make_unique<DepthwiseConv2DLayer<T, Device>>(*this);
}

}  // namespace brindle
