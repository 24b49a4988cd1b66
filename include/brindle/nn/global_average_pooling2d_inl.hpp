// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what global_average_pooling2d.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/global_average_pooling2d.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/picture_layer.hpp"
#include "brindle/ops/globalpool2d/globalpool2d.hpp"

namespace brindle {

template <class T, class Device>
class GlobalAveragePooling2DLayer final : public detail::GlobalPool2DLayer<T, Device> {
 public:
  explicit GlobalAveragePooling2DLayer(const GlobalAveragePooling2D& d)
      : detail::GlobalPool2DLayer<T, Device>(d.keepdims) {}  ///< see GlobalAveragePooling2D

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return GlobalAveragePooling2D{.keepdims = c.get("keepdims", false)}.make<T, Device>();
  }

  std::string type() const override { return "GlobalAveragePooling2D"; }
  std::string default_name() const override { return "global_average_pooling2d"; }

  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::global_average_pool2d<T>(pass.on, x, this->flat(y));
  }

  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::global_average_pool2d_backward<T>(pass.on, this->flat(dy), dx);
  }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> GlobalAveragePooling2D::GlobalAveragePooling2D::make() const {
  return std::make_unique<GlobalAveragePooling2DLayer<T, Device>>(*this);
}

}  // namespace brindle
