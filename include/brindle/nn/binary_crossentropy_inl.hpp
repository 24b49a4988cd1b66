#pragma once

// Definitions of what binary_crossentropy.hpp declares.
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/binary_crossentropy.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
class BinaryCrossentropyLoss final : public Loss<T, Device> {
 public:
  explicit BinaryCrossentropyLoss(const BinaryCrossentropy& d) : description_(d) {}  ///< see BinaryCrossentropy

  std::string type() const override { return "BinaryCrossentropy"; }
  Config config() const override {
    Config config{{"from_logits", description_.from_logits}, {"keras2", description_.keras2}};
    detail::set_label_smoothing(config, description_.label_smoothing);
    return config;
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
    const ops::BinaryCrossentropyOptions o{.keras2 = description_.keras2,
                                           .label_smoothing = description_.label_smoothing};
    if (logits || description_.from_logits)
      ops::binary_crossentropy_logits<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
    else
      ops::binary_crossentropy<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
  }

 private:
  BinaryCrossentropy description_;
};

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> BinaryCrossentropy::make() const {
  detail::check_loss_setting("BinaryCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  return std::make_unique<BinaryCrossentropyLoss<T, Device>>(*this);
}

}  // namespace brindle
