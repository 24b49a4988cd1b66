// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what sgd.hpp declares.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/sgd.hpp"
#include "brindle/ops/sgd/sgd.hpp"

namespace brindle {

template <class T, class Device>
class SGDOptimizer final : public Optimizer<T, Device> {
 public:
  /// Throws ValueError for numbers out of the range that SGD names.
  explicit SGDOptimizer(const SGD& d)
      : options_{.learning_rate = d.learning_rate, .momentum = d.momentum, .nesterov = d.nesterov},
        decay_("SGD", d.weight_decay, d.exclude_from_weight_decay) {
    detail::check_learning_rate("SGD", d.learning_rate);
    detail::check_fraction("SGD", "momentum", d.momentum);
  }

  std::string type() const override { return "SGD"; }
  Config config() const override {
    Config all{
        {"learning_rate", options_.learning_rate}, {"momentum", options_.momentum}, {"nesterov", options_.nesterov}};
    decay_.add_to(all);
    return all;
  }
  int slots() const override { return options_.momentum != 0 ? 1 : 0; }
  double learning_rate() const override { return options_.learning_rate; }
  void set_learning_rate(double rate) override {
    detail::check_learning_rate("SGD", rate);
    options_.learning_rate = rate;
  }

  void update(const Device& on, std::int64_t, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    ops::sgd<T>(on, w, g, slots.empty() ? TensorView<T, Device>{} : slots[0], options(true));
  }
  void update_named(const Device& on, std::int64_t, const ParameterName& name, TensorView<T, Device> w,
                    TensorView<const T, Device> g, std::span<const TensorView<T, Device>> slots) const override {
    ops::sgd<T>(on, w, g, slots.empty() ? TensorView<T, Device>{} : slots[0], options(decays(name)));
  }
  void update_all(const Device& on, std::int64_t, std::span<const ops::ParameterUpdate<T, Device>> all) const override {
    ops::sgd_all<T>(on, all, options(true));
  }
  double step_decay() const override { return decay_.of_step(options_.learning_rate); }
  bool decays(const ParameterName& name) const override { return decay_.decays(name); }

 private:
  ops::SGDOptions options(bool decays) const { return decay_.added_to(options_, decays); }

  ops::SGDOptions options_;
  detail::WeightDecay decay_;
};

template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> SGD::SGD::make() const {
  return std::make_unique<SGDOptimizer<T, Device>>(*this);
}

}  // namespace brindle
