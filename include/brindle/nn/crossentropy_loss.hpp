// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"
#include "brindle/ops/categorical_crossentropy/categorical_crossentropy.hpp"

namespace brindle::detail {

/// What the cross-entropies have in common: behind the activation that is theirs they are computed from what stands
/// before it, and what the outputs must be.
template <class T, class Device>
class CrossentropyLoss : public Loss<T, Device> {
 public:
  std::string type() const override { return type_; }
  Config config() const override { return config_; }
  bool takes_logits_of(ActivationFunction last) const override { return last == right_ && !from_logits_; }
  bool from_logits() const override { return from_logits_; }

  void check_activation(const std::string& who, const LastActivation& last) const override {
    check_crossentropy_activation(who, type_, from_logits_, last, right_, right_ == ActivationFunction::softmax);
  }
  void check_outputs(const std::string& who, const LastActivation& last, TensorView<const T, Cpu> y) const override {
    if (!from_logits_)
      check_probability_outputs<T>(who, type_, last, y, right_);
    else
      check_logit_outputs<T>(who, type_, last, y);
  }

  void check(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output) const override {
    this->check_labels(who, labels, output, sample_number);
  }

  void prepare(std::int64_t) override {}

 protected:
  /// right: the activation that makes the probabilities.
  CrossentropyLoss(std::string type, Config config, bool from_logits, ActivationFunction right)
      : type_(std::move(type)), config_(std::move(config)), from_logits_(from_logits), right_(right) {}

  std::string type_;  ///< Keras's class name

 private:
  Config config_;
  bool from_logits_;
  ActivationFunction right_;
};

/// BinaryCrossentropy and BinaryFocalCrossentropy.
template <class T, class Device>
class BinaryCrossentropyLoss final : public CrossentropyLoss<T, Device> {
 public:
  BinaryCrossentropyLoss(std::string type, Config config, bool from_logits,
                         const ops::BinaryCrossentropyOptions& options)
      : CrossentropyLoss<T, Device>(std::move(type), std::move(config), from_logits, ActivationFunction::sigmoid),
        options_(options) {}

  std::int64_t classes(const Shape& output) const override { return output.size() == 1 ? 2 : output.size(); }
  bool each_output() const override { return true; }
  void check_labels(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output,
                    SampleNames names) const override {
    check_binary_labels(who, this->type_, labels, output, names);
  }

  void operator()(const Device& on, bool logits, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const Shape rows{t.shape[0], t.shape.sample().size()};
    const TensorView<T, Device> gradient = dy.empty() ? dy : dy.reshape(rows);
    if (logits || this->from_logits())
      ops::binary_crossentropy_logits<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, options_);
    else
      ops::binary_crossentropy<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, options_);
  }

 private:
  ops::BinaryCrossentropyOptions options_;
};

/// CategoricalCrossentropy and CategoricalFocalCrossentropy.
template <class T, class Device>
class CategoricalCrossentropyLoss final : public CrossentropyLoss<T, Device> {
 public:
  CategoricalCrossentropyLoss(std::string type, Config config, bool from_logits,
                              const ops::CategoricalCrossentropyOptions& options)
      : CrossentropyLoss<T, Device>(std::move(type), std::move(config), from_logits, ActivationFunction::softmax),
        options_(options) {}

  std::int64_t classes(const Shape& output) const override { return output.size(); }
  void check_labels(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output,
                    SampleNames names) const override {
    check_label_rows(who, this->type_, labels, output, names);
  }

  void operator()(const Device& on, bool logits, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    if (logits || this->from_logits())
      ops::categorical_crossentropy_logits<T>(on, y, t, weight, each, dy, options_);
    else
      ops::categorical_crossentropy<T>(on, y, t, weight, each, dy, options_);
  }

 private:
  ops::CategoricalCrossentropyOptions options_;
};

}  // namespace brindle::detail
