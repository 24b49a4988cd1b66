// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::detail {

/// Throws ShapeError unless there is one number, or one for each channel.
inline void expect_channel_numbers(const char* op, const char* name, const Shape& x, const Shape& numbers) {
  if (x.rank() < 1 || numbers.rank() != 1 || (numbers[0] != 1 && numbers[0] != x.back()))
    raise<ShapeError>(std::string(op) + ": expected " + name + " (1), or one number for each channel of x " +
                      to_string(x) + ", got " + to_string(numbers));
}

}  // namespace brindle::detail

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct rescale;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// y = (x - centre) factor + offset, by channel.
///
///     x, y: any shape, the same, channels last; they may be the same memory.
///     centre, factor, offset: (C), or (1) for all channels
template <class T, class Device>
void rescale(const Device& on, In<T, Device> x, In<T, Device> centre, In<T, Device> factor, In<T, Device> offset,
             Out<T, Device> y) {
  detail::expect_shape("rescale", "y", x.shape, y.shape);
  detail::expect_channel_numbers("rescale", "centre", x.shape, centre.shape);
  detail::expect_channel_numbers("rescale", "factor", x.shape, factor.shape);
  detail::expect_channel_numbers("rescale", "offset", x.shape, offset.shape);
  kernel::rescale<T, Device>::forward(on, x, centre, factor, offset, y);
}

/// dx = dy factor.
///
///     dy, dx: any shape, the same; they may be the same memory.  factor: (C) or (1)
template <class T, class Device>
void rescale_backward(const Device& on, In<T, Device> dy, In<T, Device> factor, Out<T, Device> dx) {
  detail::expect_shape("rescale_backward", "dx", dy.shape, dx.shape);
  detail::expect_channel_numbers("rescale_backward", "factor", dy.shape, factor.shape);
  kernel::rescale<T, Device>::backward(on, dy, factor, dx);
}

namespace reference {

template <class T>
void rescale(In<T, Cpu> x, In<T, Cpu> centre, In<T, Cpu> factor, In<T, Cpu> offset, Out<T, Cpu> y) {
  const auto of = [&](const In<T, Cpu>& numbers, std::int64_t i) {
    return numbers.data[numbers.size() == 1 ? 0 : i % x.shape.back()];
  };
  for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = (x.data[i] - of(centre, i)) * of(factor, i) + of(offset, i);
}

}  // namespace reference
}  // namespace brindle::ops
