// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what leaky_relu.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/leaky_relu.hpp"
#include "brindle/nn/rectifier_layer.hpp"

namespace brindle {

template <class T, class Device>
class LeakyReLULayer final : public detail::RectifierLayer<T, Device> {
 public:
  /// see LeakyReLU
  explicit LeakyReLULayer(const LeakyReLU& d)
      : detail::RectifierLayer<T, Device>({.negative_slope = d.negative_slope}) {}

  /// From what config() gave; for LayerRegistry. Keras 2 wrote negative_slope as alpha.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return LeakyReLU{.negative_slope = c.get("negative_slope", c.get("alpha", 0.3))}.template make<T, Device>();
  }

  std::string type() const override { return "LeakyReLU"; }
  std::string default_name() const override { return "leaky_re_lu"; }
  Config config() const override { return {{"negative_slope", this->options_.negative_slope}}; }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> LeakyReLU::LeakyReLU::make() const {
  return std::make_unique<LeakyReLULayer<T, Device>>(*this);
}

}  // namespace brindle
