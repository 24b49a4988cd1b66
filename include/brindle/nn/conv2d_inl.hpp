// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what conv2d.hpp declares.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/conv2d.hpp"
#include "brindle/nn/conv2d_settings.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/kept_sums.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/moving_normalization.hpp"
#include "brindle/nn/row_window.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/conv2d/conv2d_backward.hpp"

namespace brindle {

template <class T, class Device>
class Conv2DLayer final : public Layer<T, Device> {
 public:
  explicit Conv2DLayer(const Conv2D& d) : description_(d) {}  ///< see Conv2D

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Conv2D{.filters = c.get("filters", std::int64_t{0}),
                  .kernel = c.get("kernel_size", Size2(0)),
                  .activation = activation_function(c.get("activation", "linear")),
                  .stride = c.get("strides", Size2(1)),
                  .padding = detail::conv2d_padding(c),
                  .use_bias = c.get("use_bias", true),
                  .dilation = c.get("dilation_rate", Size2(1)),
                  .groups = c.get("groups", std::int64_t{1})}
        .make<T, Device>();
  }

  std::string type() const override { return "Conv2D"; }
  std::string default_name() const override { return "conv2d"; }
  Config config() const override {
    const Conv2D& d = description_;
    Config c{{"filters", d.filters},
             {"kernel_size", std::vector<std::int64_t>{d.kernel.h, d.kernel.w}},
             {"strides", std::vector<std::int64_t>{d.stride.h, d.stride.w}},
             {"padding", detail::conv2d_padding_setting(d.padding)},
             {"activation", to_string(d.activation)},
             {"use_bias", d.use_bias}};
    // Files of models without these keep their bytes.
    if (!(d.dilation == Size2(1))) c.set("dilation_rate", std::vector<std::int64_t>{d.dilation.h, d.dilation.w});
    if (d.groups != 1) c.set("groups", d.groups);
    return c;
  }
  ActivationFunction activation() const override { return description_.activation; }
  OutputNumbers output_numbers() const override { return OutputNumbers::any; }

  Shape output_shape(const Shape& x) const override {
    const Conv2D& d = description_;
    detail::check_convolved(this->who(), d.kernel, d.stride, d.dilation, d.padding, x);
    if (d.filters < 1)
      detail::raise<ValueError>(this->who() + ": filters must be at least 1, got " + std::to_string(d.filters));
    if (d.groups < 1 || x[2] % d.groups != 0 || d.filters % d.groups != 0)
      detail::raise<ValueError>(this->who() + ": expected groups that divide the " + std::to_string(x[2]) +
                                " channels of " + to_string_batch(x) + " and the " + std::to_string(d.filters) +
                                " filters, got " + std::to_string(d.groups));
    return Shape(ops::conv2d_shape(Shape4(x.batch(1)), kernel_shape(x), options(false))).sample();
  }

  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    const std::int64_t area = description_.kernel.h * description_.kernel.w, filters = description_.filters;
    std::vector<ParameterSpec> specs{
        {"kernel", kernel_shape(x), Initializer::glorot_uniform(area * x[2] / description_.groups, area * filters)}};
    if (description_.use_bias) specs.push_back({"bias", {filters}, Initializer::zeros()});
    return specs;
  }

  bool sample_by_sample() const override { return true; }
  bool takes_border() const override { return detail::takes_border<Device>(description_.padding); }
  bool normalizes() const override { return detail::normalizes<Device>(activation()); }
  bool takes_prologue() const override { return ops::conv2d_takes_prologue<Device>(kernel().shape, options(false)); }

  bool takes_gradient_prologue(const Border& border) const override {
    return activation() == ActivationFunction::linear &&
           ops::conv2d_takes_gradient_prologue<T, Device>(kernel().shape, options(false, border));
  }

  /// A 2x2 pool behind a convolution runs in the same pass, so that the full-size output is never stored; on the Cpu
  /// also the sum with a shortcut, and its activation.
  bool fuses(const Epilogue& behind) const override {
    if (std::holds_alternative<ResidualEpilogue>(behind))
      return std::is_same_v<Device, Cpu> && activation() == ActivationFunction::linear;
    const auto* pool = std::get_if<MaxPoolEpilogue>(&behind);
    return pool && pool->window == Size2(2) && pool->stride == Size2(2) && pool->padding == Padding::valid &&
           options(false).is_plain() &&
           (activation() == ActivationFunction::linear || activation() == ActivationFunction::relu);
  }

  /// Of 1x1: others may be convolved by tiles of several rows.
  std::optional<RowWindow> row_window(const Pass<T, Device>& pass, const Shape& x) const override {
    const ops::Conv2DOptions o = options(pass.logits, pass.border);
    if (!std::is_same_v<Device, Cpu> || pass.reads_deferred || pass.fused || !o.is_plain() ||
        !(description_.kernel == Size2(1)) || !(description_.stride == Size2(1)))
      return {};
    const RowWindow window = detail::row_window(Shape4(x), kernel().shape, o);
    return window.zeros == Border{} ? std::optional(window) : std::nullopt;
  }

  std::string kernel_name(const Pass<T, Device>& pass, const Shape& x) const override {
    return ops::conv2d_kernel_name<T>(pass.on, Shape4(x), kernel().shape, options(pass.logits, pass.border),
                                      pass.fused);
  }

  std::int64_t prepared_bytes(const Pass<T, Device>& pass, const Shape& x) const override {
    return ops::conv2d_prepared_bytes<T>(pass.on, Shape4(x), kernel().shape, options(pass.logits, pass.border),
                                         pass.fused);
  }
  void prepare(const Pass<T, Device>& pass, const Shape& x, Out<std::byte, Device> prepared) const override {
    ops::conv2d_prepare<T>(pass.on, Shape4(x), kernel(), options(pass.logits, pass.border), pass.fused, prepared);
  }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    const Shape kernel = this->parameters_[0].value.shape();
    const ops::Conv2DOptions o = options(pass.logits, pass.border);
    LayerNeeds needs;
    needs.forward_workspace = ops::conv2d_forward_workspace<T>(pass.on, Shape4(x), kernel, o);
    if (pass.normalized) needs.forward_workspace += detail::normalization_bytes<T>(description_.filters);
    if (!pass.backward) return needs;
    needs.backward_workspace =
        ops::conv2d_workspace<T>(pass.on, Shape4(x), kernel, o, pass.reads_deferred || pass.reads_deferred_gradient);
    needs.reads_input = this->trainable;
    if (pass.fused) {
      const Shape4 y = ops::conv2d_shape(Shape4(x), kernel, o);
      needs.saved = y.n * (y.h / 2) * (y.w / 2) * y.c;
    } else if (detail::keeps_sums(pass, activation())) {
      needs.saved = Shape(ops::conv2d_shape(Shape4(x), kernel, o)).size() * static_cast<std::int64_t>(sizeof(T));
    } else {
      needs.reads_output = o.activation != ActivationFunction::linear || softmax_apart(pass.logits);
    }
    return needs;
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    const ops::Conv2DOptions o = options(pass.logits, pass.border);
    if (pass.fused) {
      ops::conv2d_maxpool2d<T>(pass.on, x, kernel(), bias(), y, codes(pass, y.shape), o, pass.workspace, pass.prepared);
      return;
    }
    if constexpr (std::is_same_v<Device, Cpu>)
      if (pass.normalized) return forward_normalized(pass, x, y);
    if (!pass.residual.empty()) {
      ops::Conv2DOptions added = o;
      added.activation = pass.activation_behind;
      ops::conv2d_add<T>(pass.on, x, kernel(), bias(), pass.residual, y, added, pass.workspace, pass.prepared);
      return;
    }
    if (detail::keeps_sums(pass, activation())) {
      const TensorView<T, Device> sums = detail::view_bytes<T>(pass.saved, y.shape);
      ops::conv2d<T>(pass.on, x, kernel(), bias(), sums, options(true, pass.border), pass.workspace, {}, pass.prologue);
      ops::activate<T>(pass.on, activation(), sums, y);
      return;
    }
    ops::conv2d<T>(pass.on, x, kernel(), bias(), y, o, pass.workspace, pass.prepared, pass.prologue);
    if (softmax_apart(pass.logits)) ops::activate<T>(pass.on, activation(), y, y);
  }

  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    ops::Conv2DOptions o = options(pass.logits, pass.border);
    const auto& into = gradients.into;
    const TensorView<T, Device> db = into.size() > 1 ? into[1] : TensorView<T, Device>{};
    if (pass.fused) {
      const auto code = codes(pass, dy.shape);
      if (!into.empty())
        ops::conv2d_maxpool2d_backward_weights<T>(pass.on, x, dy, code, into[0], db, o, pass.workspace);
      if (!dx.empty()) ops::conv2d_maxpool2d_backward_data<T>(pass.on, dy, code, kernel(), dx, o, pass.workspace);
      return;
    }
    if constexpr (std::is_same_v<Device, Cpu>)
      if (pass.reads_deferred_gradient || pass.gives_gradient_sums)
        return ops::conv2d_backward<T>(pass.on, x, dy, kernel(), into[0], db, dx, o, pass.workspace, pass.prologue,
                                       pass.gradient_prologue, pass.gradient_sums);
    detail::gradient_by_sums<T>(pass, activation(), pass.saved, y, dy);
    o.activation = ActivationFunction::linear;
    if (!into.empty()) ops::conv2d_backward_weights<T>(pass.on, x, dy, into[0], db, o, pass.workspace, pass.prologue);
    if (!dx.empty()) ops::conv2d_backward_data<T>(pass.on, dy, kernel(), dx, o, pass.workspace);
  }

 private:
  void forward_normalized(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const {
    const detail::NormalizedPass with(pass, options(pass.logits, pass.border));
    ops::conv2d_normalized<T>(pass.on, x, kernel(), bias(), with.behind, pass.residual, y, with.options, with.workspace,
                              pass.prepared);
  }

  Shape kernel_shape(const Shape& x) const {
    return {description_.kernel.h, description_.kernel.w, x[2] / description_.groups, description_.filters};
  }
  TensorView<const T, Device> kernel() const { return this->parameter(0); }
  TensorView<const T, Device> bias() const {
    return description_.use_bias ? this->parameter(1) : TensorView<const T, Device>{};
  }
  // softmax needs all channels of a pixel at once: not a part of the convolution's pass.
  bool softmax_apart(bool logits) const { return !logits && activation() == ActivationFunction::softmax; }
  ops::Conv2DOptions options(bool logits, const Border& border = {}) const {
    return {.stride = description_.stride,
            .padding = detail::padding_with(description_.padding, border),
            .activation = detail::activation_in_pass(logits, activation()),
            .dilation = description_.dilation,
            .groups = description_.groups};
  }
  static TensorView<std::uint8_t, Device> codes(const Pass<T, Device>& pass, const Shape& y) {
    return pass.backward ? detail::view_bytes<std::uint8_t>(pass.saved, y) : TensorView<std::uint8_t, Device>{};
  }

  Conv2D description_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Conv2D::Conv2D::make() const {
  return std::make_unique<Conv2DLayer<T, Device>>(*this);
}

}  // namespace brindle
