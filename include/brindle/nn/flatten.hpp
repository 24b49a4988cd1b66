#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// Makes one row of features of each sample, in memory order: for pictures over (H, W, C).
///
///     x (N, H, W, C)  ->  y (N, H W C)
///
/// No element is copied. Keras: layers/reshaping/flatten.py.
struct Flatten {
  std::string name = {};  ///< empty: flatten, flatten_1, ...

  /// The same with a name: Flatten{...}.named("flatten").
  Flatten named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

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
std::unique_ptr<Layer<T, Device>> Flatten::make() const {
  return std::make_unique<FlattenLayer<T, Device>>();
}

}  // namespace brindle
