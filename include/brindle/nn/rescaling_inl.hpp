// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what rescaling.hpp declares.
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/channel_numbers.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/rescaling.hpp"
#include "brindle/ops/rescale/rescale.hpp"

namespace brindle {

template <class T, class Device>
class RescalingLayer final : public Layer<T, Device> {
 public:
  /// See Rescaling.
  explicit RescalingLayer(const Rescaling& d)
      : scale_(d.scale),
        offset_(d.offset),
        centre_(detail::channel_numbers<T, Device>({0})),
        factor_(detail::channel_numbers<T, Device>(scale_)),
        added_(detail::channel_numbers<T, Device>(offset_)) {}

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Rescaling{.scale = c.get("scale", std::vector<double>{1}), .offset = c.get("offset", std::vector<double>{0})}
        .make<T, Device>();
  }

  std::string type() const override { return "Rescaling"; }
  std::string default_name() const override { return "rescaling"; }
  Config config() const override { return {{"scale", scale_}, {"offset", offset_}}; }

  Shape output_shape(const Shape& x) const override {
    detail::expect_numbers_of_channels(this->who(), "scale", scale_, x);
    detail::expect_numbers_of_channels(this->who(), "offset", offset_, x);
    return x;
  }

  bool sample_by_sample() const override { return true; }
  bool backward_in_place() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::rescale<T>(pass.on, x, centre_, factor_, added_, y);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::rescale_backward<T>(pass.on, dy, factor_, dx);
  }

 private:
  std::vector<double> scale_, offset_;
  Tensor<T, Device> centre_, factor_, added_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Rescaling::Rescaling::make() const {
  return std::make_unique<RescalingLayer<T, Device>>(*this);
}

}  // namespace brindle
