// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what sparse_categorical_crossentropy.hpp declares.
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/crossentropy_loss.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/nn/sparse_categorical_crossentropy.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/sparse_categorical_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
class SparseCategoricalCrossentropyLoss final : public detail::CrossentropyLoss<T, Device> {
  using Base = detail::CrossentropyLoss<T, Device>;

 public:
  /// See SparseCategoricalCrossentropy.
  SparseCategoricalCrossentropyLoss(Config config, bool from_logits,
                                    const ops::SparseCategoricalCrossentropyOptions& options)
      : Base("SparseCategoricalCrossentropy", std::move(config), from_logits, ActivationFunction::softmax),
        options_(options) {}

  std::int64_t classes(const Shape& output) const override { return output.size(); }

  void check_activation(const std::string& who, const LastActivation& last) const override {
    if (last.output.size() == 1)
      detail::raise<ValueError>(who + ": SparseCategoricalCrossentropy expects one output a class, and " + last.layer +
                                " gives " + to_string_batch(last.output) +
                                "; end the model with Dense{number of classes, softmax}, or with Dense{1, sigmoid} and "
                                "BinaryCrossentropy for two classes");
    Base::check_activation(who, last);
  }
  void check_labels(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output,
                    SampleNames names) const override {
    const std::int64_t classes = output.size();
    if (output.rank() != 1 || classes < 2 || labels.shape.sample().size() != 1)
      detail::raise<ShapeError>(who +
                                ": SparseCategoricalCrossentropy expects one output a class and one label a "
                                "sample, the model gives " +
                                to_string_batch(output) + " and the labels are " + to_string(labels.shape) +
                                "; end the model with Dense{number of classes, softmax}");
    for (std::int64_t i = 0; i < labels.size(); ++i) {
      const float label = labels.data[i];
      if (!(label >= 0 && label < static_cast<float>(classes)) || label != std::floor(label))
        detail::raise<DataError>(who + ": " + names(i) + " has label " +
                                 detail::number_text(static_cast<double>(label)) + ", the model has classes 0 to " +
                                 std::to_string(classes - 1) +
                                 "; number the classes from 0 and end the model with one output a class");
    }
  }

  void prepare(std::int64_t n) override {
    if (classes_.empty() || classes_.back().size() < n) classes_.emplace_back(Shape{n});
  }

  void operator()(const Device& on, bool logits, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const TensorView<std::int32_t, Device> classes = classes_.back().view().slice(0, t.shape[0]);
    ops::class_numbers<T>(on, t, classes);
    if (logits || Base::from_logits())
      ops::sparse_categorical_crossentropy_logits<T>(on, y, classes, weight, each, dy, options_);
    else
      ops::sparse_categorical_crossentropy<T>(on, y, classes, weight, each, dy, options_);
  }

 private:
  ops::SparseCategoricalCrossentropyOptions options_;
  std::vector<Tensor<std::int32_t, Device>> classes_;  // the last one; a recorded step may still use those before it
};

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> SparseCategoricalCrossentropy::make() const {
  detail::check_loss_setting("SparseCategoricalCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  Config config{{"from_logits", from_logits}};
  detail::set_label_smoothing(config, label_smoothing);
  return std::make_unique<SparseCategoricalCrossentropyLoss<T, Device>>(
      std::move(config), from_logits, ops::SparseCategoricalCrossentropyOptions{label_smoothing});
}

}  // namespace brindle
