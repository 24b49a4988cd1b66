// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct concatenate;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Copies the part x of a concatenation y, or with `back` that part of y to x: the axes in front of the one that is
/// concatenated are rows, those from it on are one run of numbers.
///
///     x (rows, width)  <->  columns [first, first + width) of y (rows, whole)
///
/// Both are read and written as one array of that many numbers; they lie apart.
template <class T, class Device>
void concatenate_part(const Device& on, std::int64_t rows, std::int64_t width, std::int64_t first, std::int64_t whole,
                      In<T, Device> x, Out<T, Device> y) {
  if (x.size() != rows * width || y.size() != rows * whole || first < 0 || first + width > whole)
    brindle::detail::raise<ShapeError>("concatenate_part: " + to_string(x.shape) + " is no part of " +
                                       to_string(y.shape));
  kernel::concatenate<T, Device>::copy(on, rows, width, x.data, width, y.data + first, whole);
}

/// The way back, for the gradient: x = that part of y.
template <class T, class Device>
void concatenate_part_backward(const Device& on, std::int64_t rows, std::int64_t width, std::int64_t first,
                               std::int64_t whole, In<T, Device> dy, Out<T, Device> dx) {
  if (dx.size() != rows * width || dy.size() != rows * whole || first < 0 || first + width > whole)
    brindle::detail::raise<ShapeError>("concatenate_part_backward: " + to_string(dx.shape) + " is no part of " +
                                       to_string(dy.shape));
  kernel::concatenate<T, Device>::copy(on, rows, width, dy.data + first, whole, dx.data, width);
}

namespace reference {

template <class T>
void concatenate_part(std::int64_t rows, std::int64_t width, std::int64_t first, std::int64_t whole, In<T, Cpu> x,
                      Out<T, Cpu> y) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t i = 0; i < width; ++i) y.data[r * whole + first + i] = x.data[r * width + i];
}

}  // namespace reference
}  // namespace brindle::ops
