// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"

namespace brindle::detail {

/// Throws ShapeError "conv2d: expected y (1, 2, 2, 8), got (1, 3, 3, 8)" unless the two are equal.
inline void expect_shape(const char* op, const char* name, const Shape& expected, const Shape& got) {
  if (!(expected == got))
    raise<ShapeError>(std::string(op) + ": expected " + name + " " + to_string(expected) + ", got " + to_string(got));
}

/// Throws ShapeError unless there are at least as many bytes as the op needs.
inline void expect_workspace(const char* op, std::int64_t needed, std::int64_t got) {
  if (got < needed)
    raise<ShapeError>(std::string(op) + ": expected a workspace of at least " + std::to_string(needed) +
                      " bytes, got " + std::to_string(got));
}

/// Shapes of a loss over samples of K numbers each.
inline void expect_loss_shapes(const char* op, const char* input, const Shape& x, const Shape& target,
                               const Shape& each, const Shape* weight, const Shape* gradient) {
  if (x.rank() != 2 || x[1] < 1)
    raise<ShapeError>(std::string(op) + ": expected " + input + " (N, K), got " + to_string(x));
  expect_shape(op, "targets", x, target);
  expect_shape(op, "loss of each sample", Shape{x[0]}, each);
  if (weight) expect_shape(op, "sample weights", Shape{x[0]}, *weight);
  if (gradient) expect_shape(op, "gradient", x, *gradient);
}

}  // namespace brindle::detail
