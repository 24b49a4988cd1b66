// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/epilogue.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/moving_normalization.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/testing/check_gradient.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "brindle/testing/samples.hpp"

// What check_joined.hpp and check_prologues.hpp compare layers with.
namespace brindle::testing::internal {

/// A layer that is never run: it stands behind another one, which does its work.
class StandIn final : public Layer<double, Cpu> {
 public:
  explicit StandIn(Epilogue epilogue) : epilogue_(std::move(epilogue)) { name = "behind"; }
  /// A normalization of so many channels.
  explicit StandIn(std::int64_t channels) {
    name = "behind";
    for (std::uint64_t seed = 0; seed < 4; ++seed)
      numbers_.push_back(random_tensor<double>({channels}, 41 + seed, 0.5, 1.5));
  }

  std::string type() const override { return "StandIn"; }
  std::string default_name() const override { return "stand_in"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  Epilogue epilogue() const override { return epilogue_; }
  std::optional<MovingNormalization<double, Cpu>> moving_normalization() const override {
    if (numbers_.empty()) return {};
    return {{numbers_[0].view(), numbers_[1].view(), numbers_[2].view(), numbers_[3].view(), 0.01}};
  }
  LayerNeeds needs(const Pass<double, Cpu>&, const Shape&) const override { return {}; }
  void forward(const Pass<double, Cpu>&, In<double, Cpu>, Out<double, Cpu>) const override { run(); }
  void backward(const Pass<double, Cpu>&, In<double, Cpu>, In<double, Cpu>, Out<double, Cpu>, Out<double, Cpu>,
                const Gradients<double, Cpu>&) const override {
    run();
  }

 private:
  [[noreturn]] static void run() { detail::raise<CheckFailed>("runs the layer behind it, instead of doing its work"); }

  Epilogue epilogue_;
  std::vector<Tensor<double>> numbers_;
};

/// The same numbers but for sums in another order: a few thousand roundings of double.
inline bool near(const Tensor<double>& a, const Tensor<double>& b) {
  if (!(a.shape() == b.shape())) return false;
  double largest = 0;
  for (const double v : b.span()) largest = std::max(largest, std::abs(v));
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= 1e-10 * (1 + largest))) return false;
  return true;
}

inline Tensor<double> activated(ActivationFunction f, const Tensor<double>& x) {
  Tensor<double> y(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) y[i] = ops::kernel::activations::value(f, x[i]);
  return y;
}

/// A layer of this description alone, and beside it one that does a neighbour's work, too; what is wrong goes to
/// `problems`.
template <class Description>
class NeighbourChecks {
 public:
  NeighbourChecks(Problems& problems, const Description& description, const Shape& sample, std::int64_t batch)
      : problems_(problems), description_(description), sample_(sample), batch_(batch) {}

 protected:
  LoneLayer<double> lone(bool training = true) const {
    return LoneLayer<double>(description_, sample_, batch_, 2, training);
  }
  /// As a plan for prediction, or for what is frozen, runs it.
  static void predict(LoneLayer<double>& layer) {
    layer.pass->backward = false;
    layer.ask_needs();
  }
  void same_outputs(const std::string& says, const Tensor<double>& y, const Tensor<double>& expected) {
    problems_.expect(near(y, expected), says + ", and gives other numbers than the layers one after the other");
  }
  /// Those of a layer with its neighbour's work in it, beside those of the layer alone.
  void same_gradients(const std::string& says, const LoneLayer<double>& layer, const std::vector<Tensor<double>>& got,
                      const std::vector<Tensor<double>>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i)
      problems_.expect(near(got[i], expected[i]), says + ", and its gradient of " +
                                                      (i == 0 ? "x" : layer.layer->parameters()[i - 1].name) +
                                                      " is another one than that of the layers one after the other");
  }

  Problems& problems_;
  const Description& description_;
  const Shape sample_;
  const std::int64_t batch_;
};

}  // namespace brindle::testing::internal
