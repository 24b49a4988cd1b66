// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what output_rules.hpp declares.
#include <limits>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/metrics.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/output_options.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/train/output_rules.hpp"

namespace brindle::detail {

template <class T>
T OutputRules::threshold() const {
  return class_threshold<T>({from_logits});
}

template <class T>
double OutputRules::correct(TensorView<const T, Cpu> p, TensorView<const T, Cpu> t) const {
  if (!has_accuracy) return std::numeric_limits<double>::quiet_NaN();
  return count_correct<T>(p, t, threshold<T>(), each_output());
}

BRINDLE_INLINE void OutputRules::check(const std::string& who, const Shape& labels) const {
  if (each_output() && labels.sample().size() != last.output.size())
    raise<ShapeError>(who +
                      ": Accuracy::binary counts each output by itself and needs a label for each, the model "
                      "gives " +
                      to_string_batch(last.output) + " and the labels are " + to_string(labels) +
                      "; leave out .accuracy for classes by number");
}

template <class T, class Device>
OutputRules output_rules(const std::string& who, const Model<T, Device>& model, const Loss<T, Device>& loss,
                         Accuracy accuracy) {
  OutputRules rules;
  rules.last = last_activation(model);
  rules.from_logits = loss.from_logits();
  rules.accuracy = accuracy;
  rules.has_accuracy = loss.has_accuracy();
  loss.check_activation(who, rules.last);
  rules.logits = rules.last.may_be_left && loss.takes_logits_of(rules.last.function);
  return rules;
}

}  // namespace brindle::detail
