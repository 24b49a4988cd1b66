#pragma once

// Definitions of what binary_crossentropy.hpp declares.
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
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
    return {{"from_logits", description_.from_logits}, {"keras2", description_.keras2}};
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
    const std::int64_t per_sample = labels.shape.sample().size();
    if (per_sample != output.size())
      detail::raise<ShapeError>(who + ": BinaryCrossentropy expects a label for each output, the model gives " +
                                to_string_batch(output) + " and the labels are " + to_string(labels.shape) +
                                "; end the model with Dense{" + std::to_string(per_sample) +
                                ", sigmoid}, or use SparseCategoricalCrossentropy for class numbers");
    for (std::int64_t i = 0; i < labels.size(); ++i)
      if (!(labels.data[i] >= 0 && labels.data[i] <= 1))
        detail::raise<DataError>(who + ": BinaryCrossentropy expects labels from 0 to 1, " + names(i / per_sample) +
                                 " has " + detail::number_text(static_cast<double>(labels.data[i])) +
                                 "; number two classes 0 and 1, for more use SparseCategoricalCrossentropy");
  }

  void prepare(std::int64_t) override {}

  void operator()(const Device& on, bool logits, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const Shape rows{t.shape[0], t.shape.sample().size()};
    const TensorView<T, Device> gradient = dy.empty() ? dy : dy.reshape(rows);
    const ops::BinaryCrossentropyOptions o{.keras2 = description_.keras2};
    if (logits || description_.from_logits)
      ops::binary_crossentropy_logits<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
    else
      ops::binary_crossentropy<T>(on, y.reshape(rows), t.reshape(rows), weight, each, gradient, o);
  }

 private:
  BinaryCrossentropy description_;
};

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> BinaryCrossentropy::BinaryCrossentropy::make() const {
  return std::make_unique<BinaryCrossentropyLoss<T, Device>>(*this);
}

}  // namespace brindle
