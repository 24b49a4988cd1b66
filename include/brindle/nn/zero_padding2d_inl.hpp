// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what zero_padding2d.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/conv2d_settings.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/zero_padding2d.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/zero_padding2d/zero_padding2d.hpp"

namespace brindle {

template <class T, class Device>
class ZeroPadding2DLayer final : public Layer<T, Device> {
 public:
  explicit ZeroPadding2DLayer(const ZeroPadding2D& d) : border_(d.padding) {}  ///< see ZeroPadding2D

  /// From what config() gave; for LayerRegistry. Keras writes one number, two, or two pairs of them.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    if (const auto border = detail::border_of(c, "((top, bottom), (left, right))"))
      return ZeroPadding2D{.padding = *border}.make<T, Device>();
    const Size2 both = c.get("padding", Size2(1));
    return ZeroPadding2D{.padding = {both.h, both.w}}.make<T, Device>();
  }

  std::string type() const override { return "ZeroPadding2D"; }
  std::string default_name() const override { return "zero_padding2d"; }
  Config config() const override { return {{"padding", detail::border_setting(border_)}}; }

  Shape output_shape(const Shape& x) const override {
    detail::expect_pictures(this->who(), x);
    if (!border_.is_possible())
      detail::raise<ValueError>(this->who() + ": padding must be at least 0, got " + to_string(border_));
    return Shape(ops::zero_padding2d_shape(Shape4(x.batch(1)), border_)).sample();
  }

  bool sample_by_sample() const override { return true; }
  Border border() const override { return border_; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::zero_padding2d<T>(pass.on, x, y, border_);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::zero_padding2d_backward<T>(pass.on, dy, dx, border_);
  }

 private:
  Border border_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> ZeroPadding2D::ZeroPadding2D::make() const {
  return std::make_unique<ZeroPadding2DLayer<T, Device>>(*this);
}

}  // namespace brindle
