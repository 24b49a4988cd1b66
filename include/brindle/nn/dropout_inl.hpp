// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what dropout.hpp declares.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/dropout.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/dropout/dropout.hpp"

namespace brindle {

template <class T, class Device>
class DropoutLayer final : public Layer<T, Device> {
 public:
  explicit DropoutLayer(const Dropout& d) : rate_(d.rate), noise_shape_(d.noise_shape) {}  ///< see Dropout

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Dropout{.rate = c.get("rate", 0.5), .noise_shape = c.get("noise_shape", std::vector<std::int64_t>{})}
        .template make<T, Device>();
  }

  std::string type() const override { return "Dropout"; }
  std::string default_name() const override { return "dropout"; }
  Config config() const override {
    Config c{{"rate", rate_}};
    if (!noise_shape_.empty()) c.set("noise_shape", noise_shape_);  // files of models without keep their bytes
    return c;
  }

  Shape output_shape(const Shape& x) const override {
    if (!(rate_ >= 0 && rate_ < 1))
      detail::raise<ValueError>(this->who() + ": rate must be at least 0 and less than 1, got " +
                                detail::number_text(rate_));
    noise_of(x);
    return x;
  }

  bool is_identity(const Pass<T, Device>& pass) const override { return !pass.training || rate_ == 0; }
  bool backward_in_place() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override { drop(pass, x, y); }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) drop(pass, dy, dx);
  }

 private:
  void drop(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const {
    if (noise_shape_.empty()) return ops::dropout<T>(pass.on, x, y, rate_, pass.random);
    ops::dropout_shared<T>(pass.on, x, noise_of(x.shape.sample()).batch(x.shape[0]), y, rate_, pass.random);
  }

  /// The shape of the draws for a sample of shape x.
  Shape noise_of(const Shape& x) const {
    if (noise_shape_.empty()) return x;
    std::vector<std::int64_t> sizes = noise_shape_;
    bool fits = sizes.size() == static_cast<std::size_t>(x.rank());
    for (int i = 0; fits && i < x.rank(); ++i) {
      std::int64_t& size = sizes[static_cast<std::size_t>(i)];
      if (size == -1) size = x[i];
      fits = size == 1 || size == x[i];
    }
    if (!fits) {
      std::string text;
      for (const std::int64_t size : noise_shape_) text += (text.empty() ? "" : ", ") + std::to_string(size);
      detail::raise<ShapeError>(this->who() + ": expected a noise_shape with a 1, a -1 or its size for each axis of " +
                                to_string_batch(x) + " but the batch, got (" + text + ")");
    }
    return Shape(sizes.begin(), sizes.end());
  }

  double rate_;
  std::vector<std::int64_t> noise_shape_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Dropout::Dropout::make() const {
  return std::make_unique<DropoutLayer<T, Device>>(*this);
}

}  // namespace brindle
