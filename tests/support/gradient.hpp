#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

namespace brindle::test {

/// Compares the gradient of loss() by `x` with central differences, in up to 200 elements of x spread over it.
/// loss() computes its value anew from x, which is left as it was.
template <class Loss>
void check_gradient(const std::string& what, Tensor<double>& x, const Tensor<double>& gradient, Loss&& loss,
                    double share = central_difference) {
  REQUIRE(gradient.shape() == x.shape());
  const double step = 1e-5;
  const std::int64_t stride = (x.size() + 199) / 200;
  const std::int64_t count = stride == 0 ? 0 : (x.size() + stride - 1) / stride;
  Tensor<double> some({count}), differences({count});
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t i = k * stride;
    const double before = x[i];
    x[i] = before + step;
    const double above = loss();
    x[i] = before - step;
    const double below = loss();
    x[i] = before;
    differences[k] = (above - below) / (2 * step);
    some[k] = gradient[i];
  }
  check_close(what + ", against central differences", some, differences, share, 1e-8);
}

/// sum of y * dy: the loss whose gradient by y is dy.
inline double inner_product(const Tensor<double>& y, const Tensor<double>& dy) {
  double sum = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
  return sum;
}

}  // namespace brindle::test
