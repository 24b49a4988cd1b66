// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle::test {

/// A layer of a user's own, for what is asked about such a layer; its passes do nothing.
template <class T, class Device>
class TwiceLayer final : public Layer<T, Device> {
 public:
  std::string type() const override { return "Twice"; }
  std::string default_name() const override { return "twice"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }
  void forward(const Pass<T, Device>&, In<T, Device>, Out<T, Device>) const override {}
  void backward(const Pass<T, Device>&, In<T, Device>, In<T, Device>, Out<T, Device>, Out<T, Device>,
                const Gradients<T, Device>&) const override {}
};

struct Twice {
  std::string name = {};
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return std::make_unique<TwiceLayer<T, Device>>();
  }
};

}  // namespace brindle::test
