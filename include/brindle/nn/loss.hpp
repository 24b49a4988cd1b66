#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle {

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
  /// rounded to 0 or 1. The trainer then leaves the last layer's activation to the loss.
  virtual bool takes_logits_of(ActivationFunction last) const = 0;

  /// Throws DataError or ShapeError if labels (N, L) cannot be compared with outputs (None, output).
  virtual void check(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output) const = 0;

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

}  // namespace brindle
