#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::test {

/// Uniform numbers in [low, high), different for each seed.
template <class T>
Tensor<T> random_tensor(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  Tensor<T> t(shape);
  const Random random{seed, stream_id("test"), 0};
  for (std::int64_t i = 0; i < t.size(); ++i)
    t[i] = static_cast<T>(random.uniform(static_cast<std::uint64_t>(i), low, high));
  return t;
}

template <class To, class From>
Tensor<To> converted(const Tensor<From>& from) {
  Tensor<To> to(from.shape());
  for (std::int64_t i = 0; i < to.size(); ++i) to[i] = static_cast<To>(from[i]);
  return to;
}

/// A tensor whose elements must all be written: they start as NaN (or 255).
template <class T>
Tensor<T> unwritten(const Shape& shape) {
  Tensor<T> t(shape);
  std::memset(t.data(), 0xFF, t.bytes());
  return t;
}

template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
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

}  // namespace brindle::test
