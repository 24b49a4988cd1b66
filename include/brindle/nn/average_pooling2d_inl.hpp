// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what average_pooling2d.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/average_pooling2d.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/picture_layer.hpp"
#include "brindle/ops/avgpool2d/avgpool2d.hpp"

namespace brindle {

template <class T, class Device>
class AveragePooling2DLayer final : public detail::Pool2DLayer<T, Device> {
 public:
  explicit AveragePooling2DLayer(const AveragePooling2D& d)
      : detail::Pool2DLayer<T, Device>(d) {}  ///< see AveragePooling2D

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return std::make_unique<AveragePooling2DLayer>(
        detail::Pool2DLayer<T, Device>::template description_of<AveragePooling2D>(c));
  }

  std::string type() const override { return "AveragePooling2D"; }
  std::string default_name() const override { return "average_pooling2d"; }

  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::avgpool2d<T>(pass.on, x, y, this->options_);
  }

  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::avgpool2d_backward<T>(pass.on, dy, dx, this->options_);
  }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> AveragePooling2D::AveragePooling2D::make() const {
  return std::make_unique<AveragePooling2DLayer<T, Device>>(*this);
}

}  // namespace brindle
