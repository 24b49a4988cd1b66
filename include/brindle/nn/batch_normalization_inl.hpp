// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what batch_normalization.hpp declares.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/batch_normalization.hpp"
#include "brindle/nn/channel_axis.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/batch_normalization/backward_parts.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/gradient_prologue.hpp"

namespace brindle {

template <class T, class Device>
class BatchNormalizationLayer final : public Layer<T, Device> {
 public:
  explicit BatchNormalizationLayer(const BatchNormalization& d) : BatchNormalizationLayer(d, -1) {}  ///< the last axis

  /// axis: as Keras has it, with the batch: it must be the last one. -1: the last.
  BatchNormalizationLayer(const BatchNormalization& d, std::int64_t axis) : description_(d), axis_(axis) {}

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    if (c.get("renorm", false))
      detail::raise<ValueError>("BatchNormalization: setting \"renorm\": true is not supported");
    return std::make_unique<BatchNormalizationLayer>(BatchNormalization{.momentum = c.get("momentum", 0.99),
                                                                        .epsilon = c.get("epsilon", 1e-3),
                                                                        .center = c.get("center", true),
                                                                        .scale = c.get("scale", true)},
                                                     detail::channel_axis("BatchNormalization", c));
  }

  std::string type() const override { return "BatchNormalization"; }
  std::string default_name() const override { return "batch_normalization"; }
  Config config() const override {
    const BatchNormalization& d = description_;
    return {
        {"axis", axis_}, {"momentum", d.momentum}, {"epsilon", d.epsilon}, {"center", d.center}, {"scale", d.scale}};
  }

  Shape output_shape(const Shape& x) const override {
    detail::expect_last_axis(this->who(), axis_, x);
    detail::expect_epsilon(this->who(), description_.epsilon);
    if (!(description_.momentum >= 0 && description_.momentum <= 1))
      detail::raise<ValueError>(this->who() + ": momentum must be from 0 to 1, got " +
                                detail::number_text(description_.momentum));
    return x;
  }

  std::vector<ParameterSpec> parameter_specs(const Shape& x) const override {
    std::vector<ParameterSpec> specs;
    if (description_.scale) specs.push_back({"gamma", {x.back()}, Initializer::ones()});
    if (description_.center) specs.push_back({"beta", {x.back()}, Initializer::zeros()});
    specs.push_back({"moving_mean", {x.back()}, Initializer::zeros(), false});
    specs.push_back({"moving_variance", {x.back()}, Initializer::ones(), false});
    return specs;
  }

  bool sample_by_sample_in(const Pass<T, Device>& pass) const override { return !of_batch(pass); }
  bool backward_in_place() const override { return true; }

  /// A relu behind it runs in the same passes, so that what stands between them is never stored.
  bool fuses(const Epilogue& behind) const override {
    const auto* activation = std::get_if<ActivationEpilogue>(&behind);
    return activation && ops::batch_normalization_activates<Device>(activation->activation);
  }

  std::optional<MovingNormalization<T, Device>> moving_normalization() const override {
    return {{moving(0), moving(1), gamma(), beta(), description_.epsilon}};
  }

  bool gives_prologue() const override { return true; }
  ops::Prologue<T, Device> prologue(const Pass<T, Device>& pass) const override {
    return {{mean(pass), saved(pass, 2), saved(pass, 3)}, detail::fused_activation(pass)};
  }

  bool gives_gradient_prologue() const override { return std::is_same_v<Device, Cpu>; }
  ops::GradientPrologue<T, Device> gradient_prologue(const Pass<T, Device>& pass, In<T, Device> x) const override {
    const auto [normalization, activation] = prologue(pass);
    return {x, normalization, saved(pass, 4), saved(pass, 5), activation};
  }
  ops::GradientSums<T, Device> gradient_sums(const Pass<T, Device>& pass) const override {
    return {saved(pass, 6), saved(pass, 7)};
  }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    LayerNeeds needs;
    if (!of_batch(pass) && !pass.backward) return needs;
    const std::int64_t workspace = ops::batch_normalization_workspace<T>(pass.on, x);
    needs.saved = (pass.backward ? 8 : 2) * statistic_bytes(x.back());
    if (of_batch(pass)) needs.forward_workspace = workspace;
    if (pass.backward) needs.backward_workspace = workspace;
    needs.reads_input = pass.backward;
    return needs;
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    if (of_batch(pass)) ops::batch_statistics<T>(pass.on, x, saved(pass, 0), saved(pass, 1), pass.workspace);
    if (pass.deferred)
      make_factors(pass);
    else
      ops::batch_normalization<T>(pass.on, x, mean(pass), variance(pass), gamma(), beta(), y, description_.epsilon,
                                  detail::fused_activation(pass));
  }

  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>& gradients) const override {
    const auto& into = gradients.into;
    const TensorView<T, Device> none;
    const bool batch = of_batch(pass);
    const TensorView<T, Device> dgamma = into.empty() || !description_.scale ? none : into[0];
    const TensorView<T, Device> dbeta = into.empty() || !description_.center ? none : into[learned() - 1];
    if constexpr (std::is_same_v<Device, Cpu>)
      backward_in_parts(pass, x, dy, dx, dgamma, dbeta);
    else
      ops::batch_normalization_backward<T>(pass.on, batch, x, mean(pass), variance(pass), gamma(), dy, dx, dgamma,
                                           dbeta, description_.epsilon, pass.workspace, beta(),
                                           detail::fused_activation(pass));
    // What the moving averages are to follow.
    for (std::size_t i = learned(); batch && i < into.size(); ++i)
      if (!into[i].empty())
        Memory<Device>::copy(pass.on, into[i].data, saved(pass, i - learned()).data,
                             static_cast<std::size_t>(into[i].size()) * sizeof(T));
  }

  void follow(const Device& on, std::size_t, Out<T, Device> value, In<T, Device> now) const override {
    ops::follow<T>(on, value, now, description_.momentum);
  }

 private:
  // The layer behind may have made the first part, and the one in front may make the last.
  void backward_in_parts(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> dy, Out<T, Device> dx,
                         Out<T, Device> dgamma, Out<T, Device> dbeta) const {
    if (!pass.deferred) make_factors(pass);
    const ops::GradientSums<T, Device> sums = gradient_sums(pass);
    if (!pass.gradient_sums_given && (of_batch(pass) || !dgamma.empty() || !dbeta.empty()))
      ops::batch_normalization_gradient_sums<T>(pass.on, x, prologue(pass), dy, sums, pass.workspace);
    ops::batch_normalization_gradient_factors<T>(pass.on, of_batch(pass), x.size() / x.shape.back(), variance(pass),
                                                 gamma(), description_.epsilon, sums, dgamma, dbeta, saved(pass, 4),
                                                 saved(pass, 5));
    if (!pass.gradient_deferred && !dx.empty())
      ops::batch_normalization_backward_data<T>(pass.on, gradient_prologue(pass, x), dy, dx);
  }
  void make_factors(const Pass<T, Device>& pass) const {
    ops::batch_normalization_factors<T>(pass.on, variance(pass), gamma(), beta(), description_.epsilon, saved(pass, 2),
                                        saved(pass, 3));
  }

  // Whether mean and variance are those of the batch.
  bool of_batch(const Pass<T, Device>& pass) const { return pass.training && this->trainable; }
  std::size_t learned() const { return (description_.scale ? 1u : 0u) + (description_.center ? 1u : 0u); }

  // Those that it normalizes by in this pass.
  TensorView<const T, Device> mean(const Pass<T, Device>& pass) const {
    return of_batch(pass) ? TensorView<const T, Device>(saved(pass, 0)) : moving(0);
  }
  TensorView<const T, Device> variance(const Pass<T, Device>& pass) const {
    return of_batch(pass) ? TensorView<const T, Device>(saved(pass, 1)) : moving(1);
  }

  // Arrays of channels, each at a multiple of 64 bytes: mean and variance of the batch, and for a backward pass factor
  // and shift, along and rest of a GradientPrologue, and the two GradientSums.
  static std::int64_t statistic_bytes(std::int64_t channels) {
    return (channels * static_cast<std::int64_t>(sizeof(T)) + 63) / 64 * 64;
  }
  TensorView<T, Device> saved(const Pass<T, Device>& pass, std::size_t which) const {
    const std::int64_t channels = moving(0).size();
    std::byte* at = pass.saved.data + static_cast<std::int64_t>(which) * statistic_bytes(channels);
    return {reinterpret_cast<T*>(at), {channels}};
  }

  TensorView<const T, Device> gamma() const {
    return description_.scale ? this->parameter(0) : TensorView<const T, Device>{};
  }
  TensorView<const T, Device> beta() const {
    return description_.center ? this->parameter(learned() - 1) : TensorView<const T, Device>{};
  }
  TensorView<const T, Device> moving(std::size_t which) const { return this->parameter(learned() + which); }

  BatchNormalization description_;
  std::int64_t axis_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> BatchNormalization::BatchNormalization::make() const {
  return std::make_unique<BatchNormalizationLayer<T, Device>>(*this);
}

}  // namespace brindle
