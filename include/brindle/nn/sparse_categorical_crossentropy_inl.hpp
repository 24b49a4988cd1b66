#pragma once

// Definitions of what sparse_categorical_crossentropy.hpp declares.
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/nn/sparse_categorical_crossentropy.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/sparse_categorical_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
class SparseCategoricalCrossentropyLoss final : public Loss<T, Device> {
 public:
  /// See SparseCategoricalCrossentropy.
  explicit SparseCategoricalCrossentropyLoss(const SparseCategoricalCrossentropy& d) : description_(d) {}

  std::string type() const override { return "SparseCategoricalCrossentropy"; }
  Config config() const override {
    Config config{{"from_logits", description_.from_logits}};
    detail::set_label_smoothing(config, description_.label_smoothing);
    return config;
  }
  bool takes_logits_of(ActivationFunction last) const override {
    return last == ActivationFunction::softmax && !description_.from_logits;
  }

  std::int64_t classes(const Shape& output) const override { return output.size(); }
  bool from_logits() const override { return description_.from_logits; }

  void check_activation(const std::string& who, const LastActivation& last) const override {
    if (last.output.size() == 1)
      detail::raise<ValueError>(who + ": SparseCategoricalCrossentropy expects one output a class, and " + last.layer +
                                " gives " + to_string_batch(last.output) +
                                "; end the model with Dense{number of classes, softmax}, or with Dense{1, sigmoid} and "
                                "BinaryCrossentropy for two classes");
    detail::check_crossentropy_activation(who, type(), description_.from_logits, last, ActivationFunction::softmax,
                                          true);
  }
  void check_outputs(const std::string& who, const LastActivation& last, TensorView<const T, Cpu> y) const override {
    if (!description_.from_logits)
      detail::check_probability_outputs<T>(who, type(), last, y, ActivationFunction::softmax);
    else
      detail::check_logit_outputs<T>(who, type(), last, y);
  }

  void check(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output) const override {
    check_labels(who, labels, output, detail::sample_number);
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
    const ops::SparseCategoricalCrossentropyOptions o{description_.label_smoothing};
    if (logits || description_.from_logits)
      ops::sparse_categorical_crossentropy_logits<T>(on, y, classes, weight, each, dy, o);
    else
      ops::sparse_categorical_crossentropy<T>(on, y, classes, weight, each, dy, o);
  }

 private:
  SparseCategoricalCrossentropy description_;
  std::vector<Tensor<std::int32_t, Device>> classes_;  // the last one; a recorded step may still use those before it
};

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> SparseCategoricalCrossentropy::make() const {
  detail::check_loss_setting("SparseCategoricalCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  return std::make_unique<SparseCategoricalCrossentropyLoss<T, Device>>(*this);
}

}  // namespace brindle
