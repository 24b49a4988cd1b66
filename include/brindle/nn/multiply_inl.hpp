// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what multiply.hpp declares.
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/nn/multiply.hpp"
#include "brindle/ops/multiply/multiply.hpp"

namespace brindle {

template <class T, class Device>
class MultiplyLayer final : public MergeLayer<T, Device> {
 public:
  using MergeLayer<T, Device>::output_shape;
  using MergeLayer<T, Device>::needs;
  using MergeLayer<T, Device>::forward;
  using MergeLayer<T, Device>::backward;

  explicit MultiplyLayer(const Multiply&) {}  ///< see Multiply

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config&) { return Multiply{}.template make<T, Device>(); }

  std::string type() const override { return "Multiply"; }
  std::string default_name() const override { return "multiply"; }
  Config config() const override { return {}; }

  Shape output_shape(std::span<const Shape> x) const override {
    if (x.size() != 2)
      detail::raise<ValueError>(this->who() + ": expected two values, got " + std::to_string(x.size()) +
                                "; write x * y in the graph of a Model, and x * y * z for more");
    const Shape& larger = x[whole(x)];
    if (!ops::FactorShape::fitting(larger.batch(1), x[1 - whole(x)].batch(1)))
      detail::raise<ShapeError>(this->who() + ": " + to_string_batch(x[0]) + " and " + to_string_batch(x[1]) +
                                " cannot be multiplied; expected the same shape, or one that is 1 in all axes, in all "
                                "but the last, or in the last");
    return larger;
  }

  bool sample_by_sample() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>& pass, std::span<const Shape>) const override {
    return {.reads_input = pass.backward};
  }

  void forward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>> x,
               Out<T, Device> y) const override {
    const std::size_t larger = whole(x);
    ops::multiply<T>(pass.on, x[larger], x[1 - larger], y);
  }

  void backward(const Pass<T, Device>& pass, std::span<const TensorView<const T, Device>> x, Out<T, Device> dy,
                std::span<const TensorView<T, Device>> dx) const override {
    const std::size_t larger = whole(x);
    if (!dx[larger].empty()) ops::multiply<T>(pass.on, dy, x[1 - larger], dx[larger]);
    if (!dx[1 - larger].empty()) ops::multiply_backward<T>(pass.on, x[larger], dy, dx[1 - larger]);
  }

 private:
  // Which of the two has the shape of the product.
  template <class Values>
  static std::size_t whole(const Values& x) {
    return x[0].size() >= x[1].size() ? 0 : 1;
  }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Multiply::Multiply::make() const {
  return std::make_unique<MultiplyLayer<T, Device>>(*this);
}

}  // namespace brindle
