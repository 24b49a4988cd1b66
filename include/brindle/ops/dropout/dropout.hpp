// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// What dropout makes of its rate.
struct DropoutScale {
  std::uint32_t threshold = 0;  ///< an element is kept if its random word is at least this
  double factor = 1;            ///< of kept elements: 1 / (1 - rate)

  /// Throws ValueError unless 0 <= rate < 1.
  static DropoutScale of(double rate) {
    if (!(rate >= 0 && rate < 1))
      detail::raise<ValueError>("dropout: expected a rate in [0, 1), got " + std::to_string(rate));
    const double threshold = std::ceil(rate * 0x1p32);
    return {threshold >= 0x1p32 ? 0xFFFFFFFFu : static_cast<std::uint32_t>(threshold), 1 / (1 - rate)};
  }
};

namespace kernel {
template <class T, class Device>
struct dropout;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// y = x / (1 - rate) where kept, else 0. The gradient is the same op with the same random: dx = dropout(dy).
///
///     x, y: any shape, the same; they may be the same memory.
///
/// Element i is kept if word i % 4 of random.words(i / 4) is at least rate 2^32: nothing is stored for the backward
/// pass. Throws ValueError unless 0 <= rate < 1.
template <class T, class Device>
void dropout(const Device& on, In<T, Device> x, Out<T, Device> y, double rate, const Random& random) {
  detail::expect_shape("dropout", "y", x.shape, y.shape);
  kernel::dropout<T, Device>::forward(on, x, y, DropoutScale::of(rate), random);
}

/// Throws ShapeError unless noise has x's rank, and in each axis x's size or 1.
inline void expect_noise_shape(const Shape& x, const Shape& noise) {
  bool fits = noise.rank() == x.rank() && x.rank() > 0;
  for (int i = 0; fits && i < x.rank(); ++i) fits = noise[i] == 1 || noise[i] == x[i];
  if (!fits)
    detail::raise<ShapeError>("dropout: expected a noise shape with the sizes of x " + to_string(x) +
                              ", or 1 where elements are dropped together, got " + to_string(noise));
}

/// The same with one draw for all elements along the axes in which `noise` has a size of 1: Keras's noise_shape.
///
///     x, y: any shape, the same; they may be the same memory.  noise: of x's rank, each size x's or 1
///
/// The draws are those of dropout() of a tensor of shape `noise`. Throws ShapeError for a noise that does not fit.
template <class T, class Device>
void dropout_shared(const Device& on, In<T, Device> x, const Shape& noise, Out<T, Device> y, double rate,
                    const Random& random) {
  detail::expect_shape("dropout", "y", x.shape, y.shape);
  expect_noise_shape(x.shape, noise);
  if (x.size() > 0) kernel::dropout<T, Device>::shared(on, x, noise, y, DropoutScale::of(rate), random);
}

/// The same with a given mask: y = x / (1 - rate) where mask is not 0, else 0.
///
///     x, mask, y: any shape, the same.
template <class T, class Device>
void dropout_masked(const Device& on, In<T, Device> x, In<std::uint8_t, Device> mask, Out<T, Device> y, double rate) {
  detail::expect_shape("dropout_masked", "mask", x.shape, mask.shape);
  detail::expect_shape("dropout_masked", "y", x.shape, y.shape);
  kernel::dropout<T, Device>::masked(on, x, mask, y, DropoutScale::of(rate));
}

namespace reference {

template <class T>
void dropout(In<T, Cpu> x, Out<T, Cpu> y, double rate, const Random& random) {
  const DropoutScale scale = DropoutScale::of(rate);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const Philox words = random.words(static_cast<std::uint64_t>(i / 4));
    y.data[i] = words.word[i % 4] >= scale.threshold ? x.data[i] * static_cast<T>(scale.factor) : T(0);
  }
}

template <class T>
void dropout_shared(In<T, Cpu> x, const Shape& noise, Out<T, Cpu> y, double rate, const Random& random) {
  const DropoutScale scale = DropoutScale::of(rate);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t draw = 0, rest = i, step = 1;
    for (int axis = x.shape.rank() - 1; axis >= 0; --axis) {
      if (noise[axis] > 1) draw += rest % x.shape[axis] * step;
      rest /= x.shape[axis];
      step *= noise[axis];
    }
    const Philox words = random.words(static_cast<std::uint64_t>(draw / 4));
    y.data[i] = words.word[draw % 4] >= scale.threshold ? x.data[i] * static_cast<T>(scale.factor) : T(0);
  }
}

}  // namespace reference
}  // namespace brindle::ops
