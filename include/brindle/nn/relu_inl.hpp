// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what relu.hpp declares.
#include <limits>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/rectifier_layer.hpp"
#include "brindle/nn/relu.hpp"

namespace brindle {

template <class T, class Device>
class ReLULayer final : public detail::RectifierLayer<T, Device> {
 public:
  /// see ReLU
  explicit ReLULayer(const ReLU& d)
      : detail::RectifierLayer<T, Device>(
            {.max_value = d.max_value, .negative_slope = d.negative_slope, .threshold = d.threshold}) {}

  /// From what config() gave; for LayerRegistry. Without max_value, which Keras writes as null, there is no limit.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return ReLU{.max_value = c.get("max_value", std::numeric_limits<double>::infinity()),
                .negative_slope = c.get("negative_slope", 0.0),
                .threshold = c.get("threshold", 0.0)}
        .template make<T, Device>();
  }

  std::string type() const override { return "ReLU"; }
  std::string default_name() const override { return "re_lu"; }
  Config config() const override {
    Config settings;
    if (this->options_.max_value < std::numeric_limits<double>::infinity())
      settings.set("max_value", this->options_.max_value);
    settings.set("negative_slope", this->options_.negative_slope);
    settings.set("threshold", this->options_.threshold);
    return settings;
  }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> ReLU::ReLU::make() const {
  return std::make_unique<ReLULayer<T, Device>>(*this);
}

}  // namespace brindle
