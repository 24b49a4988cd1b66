#pragma once

#include <memory>
#include <string>

#include "brindle/core/number_text.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/dropout/dropout.hpp"

namespace brindle {

/// In training each element is zero with probability `rate`, and the others are divided by 1 - rate; else y = x.
///
///     x (N, ...)  ->  y (N, ...)
///
/// The draws are counter-based (core/random.hpp): backward draws the same ones again, so no mask is kept. A frozen
/// dropout still drops. Keras: layers/regularization/dropout.py.
struct Dropout {
  double rate = 0.5;      ///< in [0, 1)
  std::string name = {};  ///< empty: dropout, dropout_1, ...

  /// The same with a name: Dropout{...}.named("dropout").
  Dropout named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

template <class T, class Device>
class DropoutLayer final : public Layer<T, Device> {
 public:
  explicit DropoutLayer(const Dropout& d) : rate_(d.rate) {}  ///< see Dropout

  /// From what config() gave; for LayerRegistry.
  static std::unique_ptr<Layer<T, Device>> from(const Config& c) {
    return Dropout{.rate = c.get("rate", 0.5)}.template make<T, Device>();
  }

  std::string type() const override { return "Dropout"; }
  std::string default_name() const override { return "dropout"; }
  Config config() const override { return {{"rate", rate_}}; }

  Shape output_shape(const Shape& x) const override {
    if (!(rate_ >= 0 && rate_ < 1))
      detail::raise<ValueError>(this->who() + ": rate must be at least 0 and less than 1, got " +
                                detail::number_text(rate_));
    return x;
  }

  bool is_identity(const Pass<T, Device>& pass) const override { return !pass.training || rate_ == 0; }
  bool backward_in_place() const override { return true; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }

  void forward(const Pass<T, Device>& pass, In<T, Device> x, Out<T, Device> y) const override {
    ops::dropout<T>(pass.on, x, y, rate_, pass.random);
  }
  void backward(const Pass<T, Device>& pass, In<T, Device>, In<T, Device>, Out<T, Device> dy, Out<T, Device> dx,
                const Gradients<T, Device>&) const override {
    if (!dx.empty()) ops::dropout<T>(pass.on, dy, dx, rate_, pass.random);
  }

 private:
  double rate_;
};

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Dropout::make() const {
  return std::make_unique<DropoutLayer<T, Device>>(*this);
}

}  // namespace brindle
