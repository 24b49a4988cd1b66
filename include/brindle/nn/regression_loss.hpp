// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/ops/regression_error/regression_error.hpp"

namespace brindle::detail {

/// MeanSquaredError, MeanAbsoluteError and Huber.
template <class T, class Device>
class RegressionLoss final : public Loss<T, Device> {
 public:
  RegressionLoss(std::string type, Config config, const ops::RegressionErrorOptions& options)
      : type_(std::move(type)), config_(std::move(config)), options_(options) {}

  std::string type() const override { return type_; }
  Config config() const override { return config_; }
  bool takes_logits_of(ActivationFunction) const override { return false; }
  bool has_accuracy() const override { return false; }

  void check(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output) const override {
    check_labels(who, labels, output, sample_number);
  }
  void check_labels(const std::string& who, TensorView<const float, Cpu> labels, const Shape& output,
                    SampleNames names) const override {
    const std::int64_t per_sample = labels.shape.sample().size();
    if (per_sample != output.size())
      raise<ShapeError>(who + ": " + type_ + " expects a label for each output, the model gives " +
                        to_string_batch(output) + " and the labels are " + to_string(labels.shape) +
                        "; end the model with Dense{" + std::to_string(per_sample) + "}");
    for (std::int64_t i = 0; i < labels.size(); ++i)
      if (!std::isfinite(labels.data[i]))
        raise<DataError>(who + ": " + names(i / per_sample) + " has label " +
                         number_text(static_cast<double>(labels.data[i])) + ", which is no number to come near to");
  }

  void prepare(std::int64_t) override {}

  void operator()(const Device& on, bool, TensorView<const T, Device> y, TensorView<const T, Device> t,
                  TensorView<const T, Device> weight, TensorView<T, Device> each, TensorView<T, Device> dy) override {
    const Shape rows{t.shape[0], t.shape.sample().size()};
    ops::regression_error<T>(on, y.reshape(rows), t.reshape(rows), weight, each, dy.empty() ? dy : dy.reshape(rows),
                             options_);
  }

 private:
  std::string type_;
  Config config_;
  ops::RegressionErrorOptions options_;
};

}  // namespace brindle::detail
