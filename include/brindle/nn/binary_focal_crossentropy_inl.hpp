#pragma once

// Definitions of what binary_focal_crossentropy.hpp declares.
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/binary_focal_crossentropy.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
class BinaryFocalCrossentropyLoss final : public Loss<T, Device> {
 public:
  explicit BinaryFocalCrossentropyLoss(const BinaryFocalCrossentropy& d)
      : description_(d) {}  ///< see BinaryFocalCrossentropy

  std::string type() const override { return "BinaryFocalCrossentropy"; }
  Config config() const override {
    return {{"apply_class_balancing", description_.apply_class_balancing},
            {"alpha", description_.alpha},
            {"gamma", description_.gamma},
            {"from_logits", description_.from_logits},
            {"label_smoothing", description_.label_smoothing}};
  }
  bool takes_logits_of(ActivationFunction last) const override {
    return last == ActivationFunction::sigmoid && !description_.from_logits;
  }

  std::int64_t classes(const Shape& output) const override { return output.size() == 1 ? 2 : output.size(); }
  bool from_logits() const override { return description_.from_logits; }
  bool each_output() const override { return true; }

  void check_activation(const std::string& who, const LastActivation& last) const override {
    detail::check_crossentropy_activation(who, type(), description_.from_logits, last, ActivationFunction::sigmoid,
                                          false);
  }
  void check_outputs(const std::string& who, const LastActivation& last, TensorView<const T, Cpu> y) const override {
    if (!description_.from_logits)
      detail::check_probability_outputs<T>(who, type(), last, y, ActivationFunction::sigmoid);
    else
      detail::check_logit_outputs<T>(who, type(), last, y);
  }

  void check(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output) const override {
    check_labels(who, labels, output, detail::sample_number);
  }
  void check_labels(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output,
                    SampleNames names) const override {
    detail::check_binary_labels(who, type(), labels, output, names);
  }

  void prepare(std::int64_t) override {}

  void operator()(const Device& on, bool logits, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const Shape rows{t.shape[0], t.shape.sample().size()};
    const TensorView<T, Device> gradient = dy.empty() ? dy : dy.reshape(rows);
    const ops::BinaryCrossentropyOptions o{.label_smoothing = description_.label_smoothing,
                                           .gamma = description_.gamma,
                                           .alpha = description_.apply_class_balancing ? description_.alpha : -1};
    if (logits || description_.from_logits)
      ops::binary_crossentropy_logits<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
    else
      ops::binary_crossentropy<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
  }

 private:
  BinaryFocalCrossentropy description_;
};

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> BinaryFocalCrossentropy::make() const {
  detail::check_loss_setting("BinaryFocalCrossentropy", "alpha", alpha, 0, 1);
  detail::check_loss_setting("BinaryFocalCrossentropy", "gamma", gamma, 0, 100);
  detail::check_loss_setting("BinaryFocalCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  return std::make_unique<BinaryFocalCrossentropyLoss<T, Device>>(*this);
}

}  // namespace brindle
