// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>

#include "support/golden.hpp"

namespace brindle::test {

/// Takes the 20 steps of a case of optimizers.npz and compares the parameters after each, a column by itself: columns
/// differ in scale. step(w, g, t) changes w in place; t counts from 1.
template <class T, class Step>
void check_optimizer_path(const Golden& golden, const std::string& name, const Tolerance& tolerance, Step&& step) {
  INFO(name);
  Tensor<T> w = golden.get<T>(name + ".p0");
  const Tensor<T> grads = golden.get<T>(name + ".grads");
  const Tensor<double> path = golden.get<double>(name + ".path_f64");
  const std::int64_t steps = grads.shape()[0], columns = grads.shape()[1];
  Tensor<T> mine(grads.shape());
  for (std::int64_t t = 0; t < steps; ++t) {
    step(w, grads.view().slice(t, t + 1).reshape({columns}), t + 1);
    for (std::int64_t c = 0; c < columns; ++c) mine[t * columns + c] = w[c];
  }
  for (std::int64_t c = 0; c < columns; ++c) {
    Tensor<T> column({steps});
    Tensor<double> expected({steps});
    for (std::int64_t t = 0; t < steps; ++t) column[t] = mine[t * columns + c], expected[t] = path[t * columns + c];
    check_close("column " + std::to_string(c), column, expected, tolerance.of<T>());
    CHECK(std::isfinite(column[steps - 1]));
  }
}

}  // namespace brindle::test
