// SPDX-License-Identifier: MIT
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

/// Adam and AdamW, which differ by name and defaults.
template <class T, class Device>
class AdamOptimizer final : public Optimizer<T, Device> {
 public:
  /// type: "Adam" or "AdamW". Throws ValueError for numbers out of the range that Adam names.
  AdamOptimizer(const std::string& type, const Adam& d)
      : options_{.learning_rate = d.learning_rate,
                 .beta_1 = d.beta_1,
                 .beta_2 = d.beta_2,
                 .epsilon = d.epsilon,
                 .amsgrad = d.amsgrad},
        decay_(type, d.weight_decay, d.exclude_from_weight_decay),
        type_(type) {
    detail::check_learning_rate(type, d.learning_rate);
    detail::check_fraction(type, "beta_1", d.beta_1);
    detail::check_fraction(type, "beta_2", d.beta_2);
  }

  std::string type() const override { return type_; }
  Config config() const override {
    Config all{{"learning_rate", options_.learning_rate},
               {"beta_1", options_.beta_1},
               {"beta_2", options_.beta_2},
               {"epsilon", options_.epsilon}};
    if (options_.amsgrad) all.set("amsgrad", true);
    decay_.add_to(all);
    return all;
  }
  int slots() const override { return options_.amsgrad ? 3 : 2; }
  double learning_rate() const override { return options_.learning_rate; }
  void set_learning_rate(double rate) override {
    detail::check_learning_rate(type_, rate);
    options_.learning_rate = rate;
  }

  void update(const Device& on, std::int64_t step, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    ops::adam<T>(on, w, g, slots[0], slots[1], most(slots), step, options(true));
  }
  void update_named(const Device& on, std::int64_t step, const ParameterName& name, TensorView<T, Device> w,
                    TensorView<const T, Device> g, std::span<const TensorView<T, Device>> slots) const override {
    ops::adam<T>(on, w, g, slots[0], slots[1], most(slots), step, options(decays(name)));
  }
  void update_all(const Device& on, std::int64_t step,
                  std::span<const ops::ParameterUpdate<T, Device>> all) const override {
    ops::adam_all<T>(on, all, step, options(true));
  }
  double step_rate(std::int64_t step) const override { return options_.rate(step); }
  double step_decay() const override { return decay_.of_step(options_.learning_rate); }
  bool decays(const ParameterName& name) const override { return decay_.decays(name); }

 private:
  TensorView<T, Device> most(std::span<const TensorView<T, Device>> slots) const {
    return options_.amsgrad ? slots[2] : TensorView<T, Device>{};
  }

  ops::AdamOptions options(bool decays) const { return decay_.added_to(options_, decays); }

  ops::AdamOptions options_;
  detail::WeightDecay decay_;
  std::string type_;
};

template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> Adam::Adam::make() const {
  return std::make_unique<AdamOptimizer<T, Device>>("Adam", *this);
}

}  // namespace brindle
