// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what add.hpp declares.
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/add.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/add/add.hpp"

namespace brindle {

template <class T, class Device>
class AddLayer final : public MergeLayer<T, Device> {
 public:
  using MergeLayer<T, Device>::output_shape;
  using MergeLayer<T, Device>::needs;
  using MergeLayer<T, Device>::forward;
  using MergeLayer<T, Device>::backward;

  explicit AddLayer(const Add&) {}  ///< see Add

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config&) { return Add{}.template make<T, Device>(); }

  std::string type() const override { return "Add"; }
  std::string default_name() const override { return "add"; }
  Config config() const override { return {}; }

  Shape output_shape(std::span<const Shape> x) const override {
    if (x.size() < 2)
      detail::raise<ValueError>(this->who() +
                                ": expected two values or more, got one; write x + y in the graph of a Model");
    for (const Shape& other : x)
      if (!(other == x.front()))
        detail::raise<ShapeError>(this->who() + ": expected values of one shape, got " + to_string_batch(x.front()) +
                                  " and " + to_string_batch(other));
    return x.front();
  }

  Epilogue epilogue() const override { return ResidualEpilogue{}; }
  bool sample_by_sample() const override { return true; }
  bool backward_in_place() const override { return true; }
  /// An activation behind it runs in the same pass, so that the sum is never stored, where its gradient follows from y.
  bool fuses(const Epilogue& behind) const override {
    const ActivationFunction f = detail::activation_of(behind);
    return f != ActivationFunction::linear && !ops::gradient_from_input(f);
  }
  LayerNeeds needs(const Pass<T, Device>& pass, std::span<const Shape>) const override {
    return {.reads_output = pass.backward && pass.fused};
  }

  void forward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>> x,
               Out<T, Device> y) const override {
    for (std::size_t i = 1; i < x.size(); ++i)
      ops::add<T>(pass.on, i == 1 ? x[0] : TensorView<const T, Device>(y), x[i], y,
                  i + 1 == x.size() ? detail::fused_activation(pass) : ActivationFunction::linear);
  }

  void backward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>>, Out<T, Device> dy,
                std::span<const TensorView<T, Device>> dx) const override {
    if (pass.fused) ops::activation_backward<T>(pass.on, detail::fused_activation(pass), pass.output, dy, dy);
    for (const TensorView<T, Device>& d : dx)
      if (!d.empty() && d.data != dy.data) Memory<Device>::copy(pass.on, d.data, dy.data, bytes(dy));
  }

 private:
  static std::size_t bytes(const TensorView<T, Device>& v) { return static_cast<std::size_t>(v.size()) * sizeof(T); }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Add::Add::make() const {
  return std::make_unique<AddLayer<T, Device>>(*this);
}

}  // namespace brindle
