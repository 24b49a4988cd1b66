// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/ops/parameter_update.hpp"

namespace brindle {

/// Which parameter an optimizer steps.
struct ParameterName {
  std::string_view layer;      ///< "dense_1"
  std::string_view parameter;  ///< within the layer: "kernel", "bias"
};

/// Turns gradients into new weights, in place. Made from its description ("RMSprop{.learning_rate = 1e-3}") by make().
/// The state that it keeps for a parameter (its slots) belongs to the trainer and starts at zero.
template <class T, class Device>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Keras's class name ("RMSprop").
  virtual std::string type() const = 0;
  /// All settings by Keras's names, with the current learning rate.
  virtual Config config() const = 0;

  /// Arrays of the parameter's size that are kept between steps, in Keras's order.
  virtual int slots() const = 0;

  /// Of the next step, before Adam's correction.
  virtual double learning_rate() const = 0;
  /// From the next step on. Throws ValueError unless finite and at least 0.
  virtual void set_learning_rate(double rate) = 0;

  /// One step of one parameter, or of a part of it with the same part of its slots.
  ///
  ///     w, g, each slot: the same size
  ///
  /// step: 1 for the first. Uses the threads of `on`, or runs on the calling one where that is one of them.
  virtual void update(const Device& on, std::int64_t step, TensorView<T, Device> w, TensorView<const T, Device> g,
                      std::span<const TensorView<T, Device>> slots) const = 0;

  /// The same with the parameter's names, for an optimizer that treats some differently, such as a weight decay that
  /// leaves biases alone. Called for every step; without one of its own an optimizer does update().
  virtual void update_named(const Device& on, std::int64_t step, const ParameterName&, TensorView<T, Device> w,
                            TensorView<const T, Device> g, std::span<const TensorView<T, Device>> slots) const {
    update(on, step, w, g, slots);
  }

  /// One step of several parameters, each with slots() slots: update() for each, or better where the device can.
  virtual void update_all(const Device& on, std::int64_t step,
                          std::span<const ops::ParameterUpdate<T, Device>> all) const {
    for (const ops::ParameterUpdate<T, Device>& p : all)
      update_named(on, step, {p.layer, p.parameter}, p.w, p.g,
                   std::span(p.slot).first(static_cast<std::size_t>(slots())));
  }

  /// The learning rate of a step as the kernels use it: with corrections that depend on the step's number.
  virtual double step_rate(std::int64_t) const { return learning_rate(); }

  /// Share of a weight that the next step takes off it by weight decay: learning rate times weight decay.
  virtual double step_decay() const { return 0; }
  /// The factor of this parameter's learning rate, see LayerRates.
  virtual double rate_factor(const ParameterName&) const { return 1; }
  /// Whether weight decay is for this parameter.
  virtual bool decays(const ParameterName&) const { return true; }

  /// Throws ValueError, beginning with `who`, if the optimizer's settings name what is none of a model's parameters.
  /// Asked when a Trainer is made.
  virtual void check_parameters([[maybe_unused]] const std::string& who, const std::vector<ParameterName>&) const {}
};

/// A value that says what an optimizer is.
template <class D, class T, class Device>
concept OptimizerDescription = requires(const D& d) {
  { d.template make<T, Device>() } -> std::convertible_to<std::unique_ptr<Optimizer<T, Device>>>;
};

namespace detail {

/// Of a description, or a message of the compiler in words.
template <class T, class Device, class D>
std::unique_ptr<Optimizer<T, Device>> make_optimizer(const D& description) {
  static_assert(OptimizerDescription<D, T, Device>,
                "an optimizer is described by a struct with `template <class T, class Device> "
                "std::unique_ptr<Optimizer<T, Device>> make() const`: see docs/howto/own-optimizer.md");
  if constexpr (OptimizerDescription<D, T, Device>) return description.template make<T, Device>();
  return nullptr;
}

/// Weight decay of an optimizer, decoupled from the gradient.
class WeightDecay {
 public:
  /// Throws ValueError, beginning with `who`, unless decay is 0 to 1e30 and no name is empty.
  WeightDecay(const std::string& who, double decay, std::vector<std::string> excluded);

  /// Share of a weight that a step of this learning rate takes off.
  double of_step(double learning_rate) const { return decay_ * learning_rate; }
  /// The options of a kernel for a step of a parameter that decays, or of one that does not.
  template <class Options>
  Options added_to(Options options, bool decays) const {
    options.decay = decays ? of_step(options.learning_rate) : 0;
    return options;
  }
  /// Whether it is for this parameter: no excluded name is a part of "layer/parameter".
  bool decays(const ParameterName& name) const;
  /// Adds itself to an optimizer's settings, if there is any.
  void add_to(Config& config) const;

 private:
  double decay_;
  std::vector<std::string> excluded_;
};

/// Throws ValueError unless rate is 0 to 1e30.
void check_learning_rate(const std::string& who, double rate);

/// Throws ValueError unless low <= value < 1.
void check_fraction(const std::string& who, const std::string& what, double value);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/optimizer_inl.hpp"
#endif
