// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/testing/samples.hpp"

namespace brindle::test {

using testing::converted;
using testing::random_tensor;
using testing::same_bits;

/// A tensor whose elements must all be written: they start as NaN (or 255).
template <class T>
Tensor<T> unwritten(const Shape& shape) {
  Tensor<T> t(shape);
  std::memset(t.data(), 0xFF, t.bytes());
  return t;
}

inline Tensor<float> tensor_of(const Shape& shape, const std::vector<float>& values) {
  Tensor<float> t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

/// |actual - expected| <= share * (largest |expected|) + floor for each element.
template <class A, class B>
void check_close(const std::string& what, const Tensor<A>& actual, const Tensor<B>& expected, double share,
                 double floor = 1e-7) {
  INFO(what << " " << to_string(actual.shape()) << " against " << to_string(expected.shape()));
  REQUIRE(actual.size() == expected.size());
  double largest = 0, worst = 0;
  std::int64_t where = 0;
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    const double e = static_cast<double>(expected[i]);
    largest = std::max(largest, std::abs(e));
    const double error = std::abs(static_cast<double>(actual[i]) - e);
    if (!(error <= worst)) worst = error, where = i;
  }
  if (actual.size() > 0) {
    INFO("worst at " << where << ": got " << static_cast<double>(actual[where]) << ", expected "
                     << static_cast<double>(expected[where]));
    CHECK(worst <= share * largest + floor);
  }
}

/// The same numbers, for what is computed in double.
template <class T>
Tensor<double> as_double(const TensorView<const T>& x) {
  Tensor<double> to(x.shape);
  for (std::int64_t i = 0; i < x.size(); ++i) to[i] = double(x.data[i]);
  return to;
}

}  // namespace brindle::test
