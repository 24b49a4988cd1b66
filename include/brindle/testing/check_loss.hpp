// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/testing/check_gradient.hpp"
#include "brindle/testing/neighbour_checks.hpp"
#include "brindle/testing/samples.hpp"

namespace brindle::testing {

namespace internal {

/// What an activation makes of rows y (n, K).
inline Tensor<double> activated_rows(ActivationFunction f, const Tensor<double>& y) {
  if (f != ActivationFunction::softmax) return activated(f, y);
  Tensor<double> p(y.shape());
  const std::int64_t k = y.shape().back();
  for (std::int64_t row = 0; row < y.size(); row += k) {
    double sum = 0;
    for (std::int64_t i = row; i < row + k; ++i) sum += p[i] = std::exp(y[i]);
    for (std::int64_t i = row; i < row + k; ++i) p[i] /= sum;
  }
  return p;
}

}  // namespace internal

struct CheckLossOptions {
  bool logits = false;  ///< outputs are given as logits, as behind an activation that takes_logits_of() names
};

/// What every loss must do; for losses of one's own, in any test framework.
///
///     y (n, K) outputs, labels (n, L): such as the loss is meant for, n >= 2
///
///     testing::check_loss(SquaredError{}, y, labels);
///
/// The labels pass its own check(); a loss for each sample, all of them written and finite; the gradient of their mean,
/// plain and weighted, as central differences give it, in double; a sample weighs what it is said to; the same without
/// a gradient, with fewer samples than it was prepared for, and in float; of the logits of an activation that it takes
/// over what it is of the outputs; nothing is written behind the end. Throws CheckFailed that lists everything that
/// is wrong. On the Cpu.
template <class Description>
void check_loss(const Description& description, const Tensor<double>& y, const Tensor<double>& labels,
                const CheckLossOptions& options = {}) {
  const auto loss = description.template make<double, Cpu>();
  internal::Problems problems("check_loss: " + loss->type());
  const Cpu on(1);
  const std::int64_t n = y.shape()[0];
  const bool fits = problems.run([&] {
    if (n < 2 || labels.shape().rank() != 2 || labels.shape()[0] != n)
      detail::raise<CheckFailed>("expected at least two rows of outputs and as many of labels (n, L), got " +
                                 to_string(y.shape()) + " and " + to_string(labels.shape()));
    loss->check("check_loss", converted<float>(labels).view(), y.shape().sample());
    loss->prepare(n);
    // Whoever goes over y where there is one number a sample is still within the guard.
    const std::int64_t bytes = y.size() * static_cast<std::int64_t>(sizeof(double));
    internal::GuardedBytes losses(n * static_cast<std::int64_t>(sizeof(double)), 64 + bytes), by_y(bytes, 64 + bytes);
    (*loss)(on, options.logits, y.view(), labels.view(), {}, losses.as<double>({n}), by_y.as<double>(y.shape()));
    if (!losses.intact() || !by_y.intact())
      detail::raise<CheckFailed>(std::string("writes behind the end of ") +
                                 (losses.intact() ? "dy " + to_string(y.shape()) : "each " + to_string(Shape{n})));
    Tensor<double> outputs = y.clone(), none;
    const auto means = [&](const Tensor<double>& weight, Tensor<double>* gradient) {
      Tensor<double> each = random_tensor<double>({n}, 1, 1e30, 2e30);  // to be overwritten
      (*loss)(on, options.logits, outputs.view(), labels.view(), weight.view(), each.view(),
              gradient ? gradient->view() : TensorView<double, Cpu>{});
      double sum = 0;
      for (std::int64_t i = 0; i < n; ++i) sum += each[i] * (weight.size() ? weight[i] : 1.0);
      return sum / static_cast<double>(n);
    };
    for (const bool weighted : {false, true}) {
      const Tensor<double> weight = weighted ? random_tensor<double>({n}, 7, 0.1, 3) : Tensor<double>();
      Tensor<double> gradient = random_tensor<double>(y.shape(), 2, 1e30, 2e30);
      const double with = means(weight, &gradient), without = means(weight, nullptr);
      problems.expect(std::isfinite(with) && with < 1e29,
                      "a sample's loss is left unwritten or is not finite: the mean is " + detail::number_text(with));
      problems.expect(with == without, "gives another loss where no gradient is asked for");
      problems.run([&] {
        check_gradient(weighted ? "weighted outputs" : "outputs", outputs, gradient,
                       [&] { return means(weight, nullptr); });
      });
    }
  });
  if (!fits) problems.template raise<CheckFailed>();

  // A trainer leaves an activation to a loss that takes it over: of logits it must be what it is of the outputs.
  for (int f = 0; f <= static_cast<int>(ActivationFunction::softmax); ++f) {
    const auto activation = static_cast<ActivationFunction>(f);
    if (activation == ActivationFunction::linear || !loss->takes_logits_of(activation)) continue;
    problems.run([&] {
      Tensor<double> logits = random_tensor<double>(y.shape(), 5, -2, 2), of_logits({n}), of_outputs({n});
      Tensor<double> gradient(y.shape());
      const Tensor<double> outputs = internal::activated_rows(activation, logits);
      (*loss)(on, true, logits.view(), labels.view(), {}, of_logits.view(), gradient.view());
      (*loss)(on, false, outputs.view(), labels.view(), {}, of_outputs.view(), {});
      const std::string says = "says that it takes_logits_of(" + to_string(activation) + "), and ";
      for (std::int64_t i = 0; i < n; ++i)
        if (!(std::abs(of_logits[i] - of_outputs[i]) <= 1e-4 * (1 + std::abs(of_outputs[i]))))
          detail::raise<CheckFailed>(says + "the loss of sample " + std::to_string(i) + " is " +
                                     detail::number_text(of_logits[i]) + " by logits, " +
                                     detail::number_text(of_outputs[i]) + " by the outputs that these give");
      check_gradient("logits of " + to_string(activation), logits, gradient, [&] {
        (*loss)(on, true, logits.view(), labels.view(), {}, of_logits.view(), {});
        double sum = 0;
        for (std::int64_t i = 0; i < n; ++i) sum += of_logits[i];
        return sum / static_cast<double>(n);
      });
    });
  }

  problems.run([&] {
    const auto single = description.template make<float, Cpu>();
    single->prepare(n + 3);
    const Tensor<float> outputs = converted<float>(y), t = converted<float>(labels);
    Tensor<float> each({n}), dy(y.shape());
    Tensor<double> expected({n});
    (*single)(on, options.logits, outputs.view(), t.view(), {}, each.view(), dy.view());
    (*loss)(on, options.logits, y.view(), labels.view(), {}, expected.view(), {});
    for (std::int64_t i = 0; i < n; ++i)
      if (!(std::abs(static_cast<double>(each[i]) - expected[i]) <= 1e-4 * (1 + std::abs(expected[i]))))
        detail::raise<CheckFailed>("in float the loss of sample " + std::to_string(i) + " is " +
                                   detail::number_text(static_cast<double>(each[i])) + ", in double " +
                                   detail::number_text(expected[i]));
  });
  problems.template raise<CheckFailed>();
}

}  // namespace brindle::testing
