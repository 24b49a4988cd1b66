// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/testing/check_gradient.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

namespace brindle::test {

/// Of brindle/testing.hpp: what is wrong ends the test.
using testing::check_gradient;

/// sum of y * dy: the loss whose gradient by y is dy.
inline double inner_product(const Tensor<double>& y, const Tensor<double>& dy) {
  double sum = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
  return sum;
}

}  // namespace brindle::test
