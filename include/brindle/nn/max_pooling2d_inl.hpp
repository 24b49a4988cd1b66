#pragma once

// Definitions of what max_pooling2d.hpp declares.
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/max_pooling2d.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

template <class T, class Device>
class MaxPooling2DLayer final : public Layer<T, Device> {
 public:
  /// See MaxPooling2D.
  explicit MaxPooling2DLayer(const MaxPooling2D& d)
      : options_{.window = d.pool_size,
                 .stride = {d.stride.h ? d.stride.h : d.pool_size.h, d.stride.w ? d.stride.w : d.pool_size.w},
                 .padding = d.padding} {}

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return MaxPooling2D{.pool_size = c.get("pool_size", Size2(2)),
                        .stride = c.get("strides", Size2(0)),
                        .padding = c.get("padding", "valid") == "same" ? Padding::same : Padding::valid}
        .make<T, Device>();
  }

  std::string type() const override { return "MaxPooling2D"; }
  std::string default_name() const override { return "max_pooling2d"; }
  Config config() const override {
    return {{"pool_size", std::vector<std::int64_t>{options_.window.h, options_.window.w}},
            {"strides", std::vector<std::int64_t>{options_.stride.h, options_.stride.w}},
            {"padding", options_.padding == Padding::same ? "same" : "valid"}};
  }

  const ops::MaxPool2DOptions& options() const { return options_; }  ///< with the stride that is meant, never 0

  Shape output_shape(const Shape& x) const override {
    if (x.rank() != 3)
      detail::raise<ShapeError>(this->who() + ": expected pictures (None, H, W, C), the layer before it gives " +
                                to_string_batch(x) + "; put it in front of Flatten{}");
    if (options_.window.h < 1 || options_.window.w < 1 || options_.stride.h < 1 || options_.stride.w < 1)
      detail::raise<ValueError>(this->who() + ": window and stride must be at least 1, got " +
                                to_string(options_.window) + " and " + to_string(options_.stride));
    if (options_.padding == Padding::valid && (options_.window.h > x[0] || options_.window.w > x[1]))
      detail::raise<ShapeError>(this->who() + ": a window of " + to_string(options_.window) +
                                " does not fit pictures " + to_string_batch(x) +
                                "; use a smaller window, or fewer pools before it");
    return Shape(ops::maxpool2d_shape(Shape4(x.batch(1)), options_)).sample();
  }

  bool sample_by_sample() const override { return true; }

  LayerNeeds needs(const Pass<T, Device>& pass, const Shape& x) const override {
    return {.saved = pass.backward ? Shape(ops::maxpool2d_shape(Shape4(x), options_)).size() : 0};
  }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::maxpool2d<T>(pass.on, x, y, codes(pass, y.shape), options_);
  }

  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::maxpool2d_backward<T>(pass.on, dy, codes(pass, dy.shape), dx, options_);
  }

 private:
  static TensorView<std::uint8_t, Device> codes(const Pass<T, Device>& pass, const Shape& y) {
    return pass.backward ? detail::view_bytes<std::uint8_t>(pass.saved, y) : TensorView<std::uint8_t, Device>{};
  }

  ops::MaxPool2DOptions options_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> MaxPooling2D::MaxPooling2D::make() const {
  return std::make_unique<MaxPooling2DLayer<T, Device>>(*this);
}

}  // namespace brindle
