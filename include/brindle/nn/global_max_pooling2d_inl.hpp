// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what global_max_pooling2d.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/global_max_pooling2d.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/picture_layer.hpp"
#include "brindle/ops/globalpool2d/globalpool2d.hpp"

namespace brindle {

template <class T, class Device>
class GlobalMaxPooling2DLayer final : public detail::GlobalPool2DLayer<T, Device> {
 public:
  explicit GlobalMaxPooling2DLayer(const GlobalMaxPooling2D& d)
      : detail::GlobalPool2DLayer<T, Device>(d.keepdims) {}  ///< see GlobalMaxPooling2D

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return GlobalMaxPooling2D{.keepdims = c.get("keepdims", false)}.make<T, Device>();
  }

  std::string type() const override { return "GlobalMaxPooling2D"; }
  std::string default_name() const override { return "global_max_pooling2d"; }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape&) const override {
    return {.reads_input = pass.backward, .reads_output = pass.backward};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::global_max_pool2d<T>(pass.on, x, this->flat(y));
  }

  void backward(const Pass<T, Device>& pass, In<T, Device> x, In<T, Device> y, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::global_max_pool2d_backward<T>(pass.on, x, this->flat(y), this->flat(dy), dx);
  }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> GlobalMaxPooling2D::GlobalMaxPooling2D::make() const {
  return std::make_unique<GlobalMaxPooling2DLayer<T, Device>>(*this);
}

}  // namespace brindle
