// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/pool2d_windows.hpp"

// What the layers that read pictures have in common.
namespace brindle::detail {

/// Throws ShapeError, beginning with the layer, for samples that are no pictures.
inline void expect_pictures(const std::string& who, const Shape& x) {
  if (x.rank() != 3)
    raise<ShapeError>(who + ": expected pictures (None, H, W, C), the layer before it gives " + to_string_batch(x) +
                      "; put it in front of Flatten{}");
}

/// MaxPooling2D and AveragePooling2D: windows, and what of them does not fit.
template <class T, class Device>
class Pool2DLayer : public Layer<T, Device> {
 public:
  Config config() const override {
    return {{"pool_size", std::vector<std::int64_t>{options_.window.h, options_.window.w}},
            {"strides", std::vector<std::int64_t>{options_.stride.h, options_.stride.w}},
            {"padding", options_.padding == Padding::same ? "same" : "valid"}};
  }

  const ops::Pool2DOptions& options() const { return options_; }  ///< with the stride that is meant, never 0

  Shape output_shape(const Shape& x) const override {
    const Size2 window = options_.window, stride = options_.stride;
    expect_pictures(this->who(), x);
    if (window.h < 1 || window.w < 1 || stride.h < 1 || stride.w < 1)
      raise<ValueError>(this->who() + ": window and stride must be at least 1, got " + to_string(window) + " and " +
                        to_string(stride));
    if (options_.padding == Padding::valid && (window.h > x[0] || window.w > x[1]))
      raise<ShapeError>(this->who() + ": a window of " + to_string(window) + " does not fit pictures " +
                        to_string_batch(x) + "; use a smaller window, or fewer pools before it");
    return Shape(ops::kernel::pool2d_shape(this->type(), Shape4(x.batch(1)), options_)).sample();
  }

  bool sample_by_sample() const override { return true; }
  OutputNumbers output_numbers() const override { return OutputNumbers::of_input; }

 protected:
  /// Of MaxPooling2D or AveragePooling2D.
  template <class Description>
  explicit Pool2DLayer(const Description& d) : options_{d.pool_size, d.stride, d.padding} {
    options_.stride = options_.step();
  }

  /// The description that config() gave.
  template <class Description>
  static Description description_of(const Config& c) {
    return {.pool_size = c.get("pool_size", Size2(2)),
            .stride = c.get("strides", Size2(0)),
            .padding = c.get("padding", "valid") == "same" ? Padding::same : Padding::valid};
  }

  ops::Pool2DOptions options_;
};

/// GlobalMaxPooling2D and GlobalAveragePooling2D: a number a picture and channel.
template <class T, class Device>
class GlobalPool2DLayer : public Layer<T, Device> {
 public:
  Config config() const override { return {{"keepdims", keepdims_}}; }

  Shape output_shape(const Shape& x) const override {
    expect_pictures(this->who(), x);
    return keepdims_ ? Shape{1, 1, x[2]} : Shape{x[2]};
  }

  bool sample_by_sample() const override { return true; }
  OutputNumbers output_numbers() const override { return OutputNumbers::of_input; }

 protected:
  explicit GlobalPool2DLayer(bool keepdims) : keepdims_(keepdims) {}

  /// The numbers, whether or not they are written as pictures of one pixel.
  template <class U>
  static TensorView<U, Device> flat(const TensorView<U, Device>& y) {
    return y.reshape({y.shape[0], y.shape.back()});
  }

 private:
  bool keepdims_;
};

}  // namespace brindle::detail
