// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::testing {

/// What a check found to be wrong; what() lists all of it. Any test framework shows it.
class CheckFailed : public Error {
 public:
  using Error::Error;
};

/// How far a gradient may be from central differences, as a share of the largest: with a step of 1e-5 in double, the
/// step squared times the third derivative, and rounding over the step.
inline constexpr double gradient_tolerance = 2e-7;

/// Compares the gradient of loss() by x with central differences, in up to 200 elements spread over x.
///
///     Tensor<double> x = ..., dx = my_gradient(x);
///     testing::check_gradient("x", x, dx, [&] { return my_loss(x); });
///
/// loss() computes its value, a double, anew from x, which is left as it was. Throws CheckFailed with the element that
/// is furthest off, both numbers and the tolerance.
template <class LossFunction>
void check_gradient(const std::string& what, Tensor<double>& x, const Tensor<double>& gradient, LossFunction&& loss,
                    double tolerance = gradient_tolerance) {
  if (!(gradient.shape() == x.shape()))
    detail::raise<CheckFailed>("gradient of " + what + ": is " + to_string(gradient.shape()) + ", " + what + " is " +
                               to_string(x.shape()));
  constexpr double step = 1e-5;
  const std::int64_t stride = std::max<std::int64_t>((x.size() + 199) / 200, 1);
  double largest = 0, furthest = -1, got = 0, expected = 0;
  std::int64_t where = 0;
  for (std::int64_t i = 0; i < x.size(); i += stride) {
    const double before = x[i];
    x[i] = before + step;
    const double above = loss();
    x[i] = before - step;
    const double below = loss();
    x[i] = before;
    const double difference = (above - below) / (2 * step);
    largest = std::max(largest, std::abs(difference));
    const double error = std::abs(gradient[i] - difference);
    if (!(error <= furthest)) furthest = error, where = i, got = gradient[i], expected = difference;
    if (std::isnan(error)) break;
  }
  if (x.size() > 0 && !(furthest <= tolerance * largest + 1e-8))
    detail::raise<CheckFailed>("gradient of " + what + ": element " + std::to_string(where) + " is " +
                               detail::number_text(got) + ", central differences give " +
                               detail::number_text(expected) + " (the largest is " + detail::number_text(largest) +
                               ", the tolerance " + detail::number_text(tolerance) + " of it)");
}

}  // namespace brindle::testing
