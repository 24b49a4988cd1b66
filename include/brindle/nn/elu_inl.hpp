// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what elu.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/elu.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/rectifier_layer.hpp"
#include "brindle/ops/activation.hpp"

namespace brindle {

template <class T, class Device>
class ELULayer final : public Layer<T, Device> {
 public:
  explicit ELULayer(const ELU& d) : alpha_(d.alpha) {}  ///< see ELU

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return ELU{.alpha = c.get("alpha", 1.0)}.template make<T, Device>();
  }

  std::string type() const override { return "ELU"; }
  std::string default_name() const override { return "elu"; }
  Config config() const override { return {{"alpha", alpha_}}; }
  ActivationFunction activation() const override {
    return alpha_ == 1 ? ActivationFunction::elu : ActivationFunction::linear;
  }

  Shape output_shape(const Shape& x) const override {
    detail::expect_at_least_0(*this, "alpha", alpha_);
    return x;
  }
  bool sample_by_sample() const override { return true; }
  bool backward_in_place() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>& pass, const Shape&) const override { return {.reads_output = pass.backward}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::elu<T>(pass.on, x, y, alpha_);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::elu_backward<T>(pass.on, y, dy, dx, alpha_);
  }

 private:
  double alpha_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> ELU::ELU::make() const {
  return std::make_unique<ELULayer<T, Device>>(*this);
}

}  // namespace brindle
