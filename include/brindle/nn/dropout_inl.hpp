#pragma once

// Definitions of what dropout.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/dropout.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/dropout/dropout.hpp"

namespace brindle {

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
std::unique_ptr<Layer<T, Device>> Dropout::Dropout::make() const {
  return std::make_unique<DropoutLayer<T, Device>>(*this);
}

}  // namespace brindle
