#pragma once

// Definitions of what adam.hpp declares.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/adam.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/ops/adam/adam.hpp"

namespace brindle {

template <class T, class Device>
class AdamOptimizer final : public Optimizer<T, Device> {
 public:
  /// Throws ValueError for numbers out of the range that Adam names.
  explicit AdamOptimizer(const Adam& d)
      : options_{.learning_rate = d.learning_rate, .beta_1 = d.beta_1, .beta_2 = d.beta_2, .epsilon = d.epsilon} {
    detail::check_learning_rate("Adam", d.learning_rate);
    detail::check_fraction("Adam", "beta_1", d.beta_1);
    detail::check_fraction("Adam", "beta_2", d.beta_2);
  }

  std::string type() const override { return "Adam"; }
  Config config() const override {
    return {{"learning_rate", options_.learning_rate},
            {"beta_1", options_.beta_1},
            {"beta_2", options_.beta_2},
            {"epsilon", options_.epsilon}};
  }
  int slots() const override { return 2; }
  double learning_rate() const override { return options_.learning_rate; }
  void set_learning_rate(double rate) override {
    detail::check_learning_rate("Adam", rate);
    options_.learning_rate = rate;
  }

  void update(const Device& on, std::int64_t step, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    ops::adam<T>(on, w, g, slots[0], slots[1], step, options_);
  }
  void update_all(const Device& on, std::int64_t step,
                  std::span<const ops::ParameterUpdate<T, Device>> all) const override {
    ops::adam_all<T>(on, all, step, options_);
  }
  double step_rate(std::int64_t step) const override { return options_.rate(step); }

 private:
  ops::AdamOptions options_;
};

template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> Adam::Adam::make() const {
  return std::make_unique<AdamOptimizer<T, Device>>(*this);
}

}  // namespace brindle
