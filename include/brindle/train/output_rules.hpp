// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/metrics.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle::detail {

/// What a training run makes of a model's outputs.
struct OutputRules {
  LastActivation last;       // of the model
  bool logits = false;       // the loss takes over the last activation: plans leave it out
  bool from_logits = false;  // the model has none, and the loss was told so
  Accuracy accuracy = Accuracy::automatic;
  bool has_accuracy = true;  // the loss compares classes

  /// Which activation is still to be applied to a plan's output for what the model would have given.
  ActivationFunction left_out() const { return logits ? last.function : ActivationFunction::linear; }

  /// Above which an output by itself counts as 1.
  template <class T>
  T threshold() const;
  bool each_output() const { return accuracy == Accuracy::binary; }

  /// p: outputs, with the activation that was left out. NaN where there is no accuracy.
  template <class T>
  double correct(TensorView<const T, Cpu> p, TensorView<const T, Cpu> t) const;

  /// Throws ShapeError if the labels have not what the accuracy counts.
  void check(const std::string& who, const Shape& labels) const;
};

/// Throws ValueError, naming the layer, if the model's last activation is not the loss's.
template <class T, class Device>
OutputRules output_rules(const std::string& who, const Model<T, Device>& model, const Loss<T, Device>& loss,
                         Accuracy accuracy);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/output_rules_inl.hpp"
#endif
