// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle {

/// What messages call a sample, by its number: data::Source::describe(), or "sample 3".
using SampleNames = FunctionRef<std::string(std::int64_t)>;

/// What training makes small. Made from its description ("BinaryCrossentropy{}") by make().
template <class T, class Device>
class Loss {
 public:
  virtual ~Loss() = default;

  /// Keras's class name ("BinaryCrossentropy").
  virtual std::string type() const = 0;
  /// All settings by Keras's names.
  virtual Config config() const = 0;

  /// Whether the loss can be computed from what stands before this activation, which is exact where the activation has
  /// rounded to 0 or 1. The trainer then leaves the last activation to the loss.
  virtual bool takes_logits_of(ActivationFunction last) const = 0;

  /// Whether the loss was told that the model ends without sigmoid or softmax; it then applies them by itself. What
  /// makes probabilities or classes of the outputs must do so, too.
  virtual bool from_logits() const { return false; }

  /// Whether each output is a probability by itself, of a sigmoid, also where there are several; else all together are
  /// those of one class each, of a softmax. What makes probabilities of logits asks.
  virtual bool each_output() const { return false; }

  /// How many classes outputs of this shape tell apart; 0: they are no classes. The names of the data's classes are as
  /// many.
  virtual std::int64_t classes([[maybe_unused]] const Shape& output) const { return 0; }

  /// Whether outputs and labels are classes, so that an accuracy says something. Where not it is NaN, and History has
  /// none.
  virtual bool has_accuracy() const { return true; }

  /// Throws ValueError, naming the layer, if outputs that end in this activation cannot be what the loss expects. Asked
  /// when a Trainer is made. A loss that takes any numbers has nothing to check.
  virtual void check_activation([[maybe_unused]] const std::string& who, const LastActivation&) const {}

  /// The same of outputs y (n, output), where the last activation is not known: a layer of a program's own. Asked
  /// before the first update. Throws DataError.
  virtual void check_outputs([[maybe_unused]] const std::string& who, const LastActivation&,
                             [[maybe_unused]] TensorView<const T, Cpu> y) const {}

  /// Throws DataError or ShapeError if labels (N, L) cannot be compared with outputs (None, output).
  virtual void check(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output) const = 0;

  /// The same with a name for each sample, which messages then give. Without one of its own, a loss checks as check().
  virtual void check_labels(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output,
                            [[maybe_unused]] SampleNames names) const {
    check(who, labels, output);
  }

  /// Prepares for batches of at most n samples.
  virtual void prepare(std::int64_t n) = 0;

  /// Loss of each sample, and its gradient.
  ///
  ///     y (n, K) outputs, logits if `logits`;  t (n, L) labels;  weight (n), or empty for ones
  ///     each (n), without the weight;  dy (n, K), or empty: gradient of sum(weight each) / n
  virtual void operator()(const Device& on, bool logits, TensorView<const T, Device> y, TensorView<const T, Device> t,
                          TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) = 0;
};

/// A value that says what a loss is.
template <class D, class T, class Device>
concept LossDescription = requires(const D& d) {
  { d.template make<T, Device>() } -> std::convertible_to<std::unique_ptr<Loss<T, Device>>>;
};

namespace detail {

/// Of a description, or a message of the compiler in words.
template <class T, class Device, class D>
std::unique_ptr<Loss<T, Device>> make_loss(const D& description) {
  static_assert(LossDescription<D, T, Device>,
                "a loss is described by a struct with `template <class T, class Device> "
                "std::unique_ptr<Loss<T, Device>> make() const`: see docs/howto/own-loss.md");
  if constexpr (LossDescription<D, T, Device>) return description.template make<T, Device>();
  return nullptr;
}

/// Where nobody has names for samples.
inline constexpr auto sample_number = [](std::int64_t i) { return "sample " + std::to_string(i); };

}  // namespace detail
}  // namespace brindle
