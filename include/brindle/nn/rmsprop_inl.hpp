// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what rmsprop.hpp declares.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/rmsprop.hpp"
#include "brindle/ops/rmsprop/rmsprop.hpp"

namespace brindle {

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
                 .keras2 = d.keras2},
        decay_("RMSprop", d.weight_decay, d.exclude_from_weight_decay) {
    detail::check_learning_rate("RMSprop", d.learning_rate);
    detail::check_fraction("RMSprop", "rho", d.rho);
    detail::check_fraction("RMSprop", "momentum", d.momentum);
  }

  std::string type() const override { return "RMSprop"; }
  Config config() const override {
    Config all{{"learning_rate", options_.learning_rate}, {"rho", options_.rho},
               {"momentum", options_.momentum},           {"epsilon", options_.epsilon},
               {"centered", options_.centered},           {"keras2", options_.keras2}};
    decay_.add_to(all);
    return all;
  }
  int slots() const override { return 1 + (options_.momentum != 0 ? 1 : 0) + (options_.centered ? 1 : 0); }
  double learning_rate() const override { return options_.learning_rate; }
  void set_learning_rate(double rate) override {
    detail::check_learning_rate("RMSprop", rate);
    options_.learning_rate = rate;
  }

  void update(const Device& on, std::int64_t, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    step(on, w, g, slots, true);
  }
  void update_named(const Device& on, std::int64_t, const ParameterName& name, TensorView<T, Device> w,
                    TensorView<const T, Device> g, std::span<const TensorView<T, Device>> slots) const override {
    step(on, w, g, slots, decays(name));
  }
  void update_all(const Device& on, std::int64_t, std::span<const ops::ParameterUpdate<T, Device>> all) const override {
    ops::rmsprop_all<T>(on, all, options(true));
  }
  double step_decay() const override { return decay_.of_step(options_.learning_rate); }
  bool decays(const ParameterName& name) const override { return decay_.decays(name); }

 private:
  void step(const Device& on, TensorView<T, Device> w, TensorView<const T, Device> g,
            std::span<const TensorView<T, Device>> slots, bool decays) const {
    const TensorView<T, Device> none;
    const bool moves = options_.momentum != 0;
    ops::rmsprop<T>(on, w, g, slots[0], options_.centered ? slots[moves ? 2 : 1] : none, moves ? slots[1] : none,
                    options(decays));
  }

  ops::RMSpropOptions options(bool decays) const { return decay_.added_to(options_, decays); }

  ops::RMSpropOptions options_;
  detail::WeightDecay decay_;
};

template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> RMSprop::RMSprop::make() const {
  return std::make_unique<RMSpropOptimizer<T, Device>>(*this);
}

}  // namespace brindle
