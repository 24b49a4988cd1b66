// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what softmax.hpp declares.
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/activation_inl.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/softmax.hpp"

namespace brindle {

template <class T, class Device>
class SoftmaxLayer final : public ActivationLayer<T, Device> {
 public:
  /// see Softmax
  explicit SoftmaxLayer(const Softmax&)
      : ActivationLayer<T, Device>(Activation{.function = ActivationFunction::softmax}) {}

  /// From what config() gave; for LayerRegistry. Throws ValueError for an axis that is not the last.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    const std::int64_t axis = c.get("axis", std::int64_t{-1});
    if (axis != -1) detail::raise<ValueError>("Softmax: axis must be -1, the last one, got " + std::to_string(axis));
    return Softmax{}.template make<T, Device>();
  }

  std::string type() const override { return "Softmax"; }
  std::string default_name() const override { return "softmax"; }
  Config config() const override { return {{"axis", std::int64_t{-1}}}; }
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Softmax::Softmax::make() const {
  return std::make_unique<SoftmaxLayer<T, Device>>(*this);
}

}  // namespace brindle
