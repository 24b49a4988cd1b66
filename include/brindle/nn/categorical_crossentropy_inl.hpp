#pragma once

// Definitions of what categorical_crossentropy.hpp declares.
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/categorical_crossentropy.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/categorical_crossentropy/categorical_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
class CategoricalCrossentropyLoss final : public Loss<T, Device> {
 public:
  explicit CategoricalCrossentropyLoss(const CategoricalCrossentropy& d)
      : description_(d) {}  ///< see CategoricalCrossentropy

  std::string type() const override { return "CategoricalCrossentropy"; }
  Config config() const override {
    return {{"from_logits", description_.from_logits}, {"label_smoothing", description_.label_smoothing}};
  }
  bool takes_logits_of(ActivationFunction last) const override {
    return last == ActivationFunction::softmax && !description_.from_logits;
  }

  std::int64_t classes(const Shape& output) const override { return output.size(); }
  bool from_logits() const override { return description_.from_logits; }

  void check_activation(const std::string& who, const LastActivation& last) const override {
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
    detail::check_label_rows(who, type(), labels, output, names);
  }

  void prepare(std::int64_t) override {}

  void operator()(const Device& on, bool logits, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const Shape rows{t.shape[0], t.shape.sample().size()};
    const TensorView<T, Device> gradient = dy.empty() ? dy : dy.reshape(rows);
    const ops::CategoricalCrossentropyOptions o{.label_smoothing = description_.label_smoothing};
    if (logits || description_.from_logits)
      ops::categorical_crossentropy_logits<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
    else
      ops::categorical_crossentropy<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
  }

 private:
  CategoricalCrossentropy description_;
};

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> CategoricalCrossentropy::make() const {
  detail::check_loss_setting("CategoricalCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  return std::make_unique<CategoricalCrossentropyLoss<T, Device>>(*this);
}

}  // namespace brindle
