// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what activation.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/activation.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/activation.hpp"

namespace brindle {

template <class T, class Device>
class ActivationLayer : public Layer<T, Device> {
 public:
  explicit ActivationLayer(const Activation& d) : function_(d.function) {}  ///< see Activation

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Activation{.function = activation_function(c.get("activation", "linear"))}.template make<T, Device>();
  }

  std::string type() const override { return "Activation"; }
  std::string default_name() const override { return "activation"; }
  Config config() const override { return {{"activation", to_string(function_)}}; }
  ActivationFunction activation() const override { return function_; }
  Shape output_shape(const Shape& x) const override { return x; }

  bool is_identity(const Pass<T, Device>& pass) const override {
    return pass.logits || function_ == ActivationFunction::linear;
  }
  Epilogue epilogue() const override { return detail::activation_epilogue(activation()); }
  bool sample_by_sample() const override { return true; }
  bool backward_in_place() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>& pass, const Shape&) const override {
    const bool reads = pass.backward && !is_identity(pass), input = ops::gradient_from_input(function_);
    return {.reads_input = reads && input, .reads_output = reads && !input};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::activate<T>(pass.on, function_, x, y);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty())
      ops::activation_backward<T>(pass.on, function_, ops::gradient_from_input(function_) ? x : y, dy, dx);
  }

 private:
  ActivationFunction function_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Activation::Activation::make() const {
  return std::make_unique<ActivationLayer<T, Device>>(*this);
}

}  // namespace brindle
