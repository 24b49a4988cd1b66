// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what normalization.hpp declares.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/channel_axis.hpp"
#include "brindle/nn/channel_numbers.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/normalization.hpp"
#include "brindle/ops/rescale/rescale.hpp"

namespace brindle {

template <class T, class Device>
class NormalizationLayer final : public Layer<T, Device> {
 public:
  explicit NormalizationLayer(const Normalization& d) : NormalizationLayer(d, -1) {}  ///< see Normalization

  /// axis: as Keras has it, with the batch: it must be the last one. -1: the last.
  NormalizationLayer(const Normalization& d, std::int64_t axis)
      : mean_(d.mean),
        variance_(d.variance),
        axis_(axis),
        centre_(detail::channel_numbers<T, Device>(mean_)),
        factor_(detail::channel_numbers<T, Device>(detail::normalization_factors(variance_))),
        offset_(detail::channel_numbers<T, Device>({0})) {}

  /// From what config() gave; for LayerRegistry. Throws ValueError without a mean and a variance: Keras then keeps
  /// those of the data among the weights.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    if (!c.find("mean") || !c.find("variance"))
      detail::raise<ValueError>(
          "Normalization: expected settings \"mean\" and \"variance\"; those that Keras's adapt() found stand among "
          "the weights, which is not supported: make the layer with Normalization(mean=..., variance=...) in Keras");
    if (c.get("invert", false)) detail::raise<ValueError>("Normalization: setting \"invert\": true is not supported");
    return std::make_unique<NormalizationLayer>(Normalization{.mean = c.get("mean", std::vector<double>{}),
                                                              .variance = c.get("variance", std::vector<double>{})},
                                                detail::channel_axis("Normalization", c));
  }

  std::string type() const override { return "Normalization"; }
  std::string default_name() const override { return "normalization"; }
  Config config() const override { return {{"axis", axis_}, {"mean", mean_}, {"variance", variance_}}; }

  Shape output_shape(const Shape& x) const override {
    detail::expect_last_axis(this->who(), axis_, x);
    detail::expect_numbers_of_channels(this->who(), "mean", mean_, x);
    detail::expect_numbers_of_channels(this->who(), "variance", variance_, x);
    for (const double v : variance_)
      if (!(v >= 0))
        detail::raise<ValueError>(this->who() + ": variance must be at least 0, got " + detail::number_text(v));
    return x;
  }

  bool sample_by_sample() const override { return true; }
  bool backward_in_place() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::rescale<T>(pass.on, x, centre_, factor_, offset_, y);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::rescale_backward<T>(pass.on, dy, factor_, dx);
  }

 private:
  std::vector<double> mean_, variance_;
  std::int64_t axis_;
  Tensor<T, Device> centre_, factor_, offset_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Normalization::Normalization::make() const {
  return std::make_unique<NormalizationLayer<T, Device>>(*this);
}

}  // namespace brindle
