// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what flatten.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/flatten.hpp"
#include "brindle/nn/layer.hpp"

namespace brindle {

template <class T, class Device>
class FlattenLayer final : public Layer<T, Device> {
 public:
  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config&) { return Flatten{}.make<T, Device>(); }

  std::string type() const override { return "Flatten"; }
  std::string default_name() const override { return "flatten"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return {x.size()}; }
  bool is_identity(const Pass<T, Device>&) const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }
  void forward(const Pass<T, Device>&, In<T, Device>, Out<T, Device>) const override {}
  void backward(const Pass<T, Device>&, In<T, Device>, In<T, Device>, Out<T, Device>, Out<T, Device>,
                const Gradients<T, Device>&) const override {}
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Flatten::Flatten::make() const {
  return std::make_unique<FlattenLayer<T, Device>>();
}

}  // namespace brindle
