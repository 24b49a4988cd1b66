// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what max_pooling2d.hpp declares.
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "brindle/core/inline.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/max_pooling2d.hpp"
#include "brindle/nn/picture_layer.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

template <class T, class Device>
class MaxPooling2DLayer final : public detail::Pool2DLayer<T, Device> {
 public:
  explicit MaxPooling2DLayer(const MaxPooling2D& d) : detail::Pool2DLayer<T, Device>(d) {}  ///< see MaxPooling2D

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return std::make_unique<MaxPooling2DLayer>(
        detail::Pool2DLayer<T, Device>::template description_of<MaxPooling2D>(c));
  }

  std::string type() const override { return "MaxPooling2D"; }
  std::string default_name() const override { return "max_pooling2d"; }
  Epilogue epilogue() const override {
    return MaxPoolEpilogue{this->options_.window, this->options_.stride, this->options_.padding};
  }

  bool takes_border() const override { return std::is_same_v<Device, Cpu> && this->options_.padding == Padding::valid; }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    return {.saved = pass.backward ? Shape(ops::maxpool2d_shape(Shape4(x), options_with(pass.border))).size() : 0};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::maxpool2d<T>(pass.on, x, y, codes(pass, y.shape), options_with(pass.border));
  }

  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::maxpool2d_backward<T>(pass.on, dy, codes(pass, dy.shape), dx, options_with(pass.border));
  }

 private:
  ops::MaxPool2DOptions options_with(const Border& border) const {
    ops::MaxPool2DOptions o = this->options_;
    o.zeros = border;
    return o;
  }
  static TensorView<std::uint8_t, Device> codes(const Pass<T, Device>& pass, const Shape& y) {
    return pass.backward ? detail::view_bytes<std::uint8_t>(pass.saved, y) : TensorView<std::uint8_t, Device>{};
  }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> MaxPooling2D::MaxPooling2D::make() const {
  return std::make_unique<MaxPooling2DLayer<T, Device>>(*this);
}

}  // namespace brindle
