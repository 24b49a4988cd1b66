#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "brindle/nn/optimizer.hpp"
#include "brindle/ops/rmsprop/rmsprop.hpp"

namespace brindle {

/// Divides each gradient by the root of a running mean of its square; the formula stands at ops::rmsprop.
/// Defaults are Keras's (optimizers/rmsprop.py).
struct RMSprop {
  double learning_rate = 1e-3;  ///< >= 0
  double rho = 0.9;             ///< how much of the mean of the square stays each step, in [0, 1)
  double momentum = 0;          ///< how much of the last move is made again, in [0, 1)
  double epsilon = 1e-7;        ///< added to the mean of the square, under the root
  bool centered = false;        ///< divide by the deviation of the gradient instead
  bool keras2 = false;          ///< sqrt(v) + epsilon, as Keras 2 had it

  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const;  ///< for Trainer
};

template <class T, class Device>
class RMSpropOptimizer final : public Optimizer<T, Device> {
 public:
  /// Throws ValueError for numbers out of the range that RMSprop names.
  explicit RMSpropOptimizer(const RMSprop& d)
      : options_{.learning_rate = d.learning_rate,
                 .rho = d.rho,
                 .momentum = d.momentum,
                 .epsilon = d.epsilon,
                 .centered = d.centered,
                 .keras2 = d.keras2} {
    detail::check_learning_rate("RMSprop", d.learning_rate);
    detail::check_fraction("RMSprop", "rho", d.rho);
    detail::check_fraction("RMSprop", "momentum", d.momentum);
  }

  std::string type() const override { return "RMSprop"; }
  Config config() const override {
    return {{"learning_rate", options_.learning_rate}, {"rho", options_.rho},
            {"momentum", options_.momentum},           {"epsilon", options_.epsilon},
            {"centered", options_.centered},           {"keras2", options_.keras2}};
  }
  int slots() const override { return 1 + (options_.momentum != 0 ? 1 : 0) + (options_.centered ? 1 : 0); }
  double learning_rate() const override { return options_.learning_rate; }
  void set_learning_rate(double rate) override {
    detail::check_learning_rate("RMSprop", rate);
    options_.learning_rate = rate;
  }

  void update(const Device& on, std::int64_t, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    const TensorView<T, Device> none;
    const bool moves = options_.momentum != 0;
    ops::rmsprop<T>(on, w, g, slots[0], options_.centered ? slots[moves ? 2 : 1] : none, moves ? slots[1] : none,
                    options_);
  }
  void update_all(const Device& on, std::int64_t, std::span<const ops::ParameterUpdate<T, Device>> all) const override {
    ops::rmsprop_all<T>(on, all, options_);
  }

 private:
  ops::RMSpropOptions options_;
};

template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> RMSprop::make() const {
  return std::make_unique<RMSpropOptimizer<T, Device>>(*this);
}

}  // namespace brindle
