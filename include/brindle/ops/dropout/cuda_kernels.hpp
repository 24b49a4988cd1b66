// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda_step.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/shape.hpp"

namespace brindle::ops::kernel {

/// Elements 4 q to 4 q + 3 of dropout, which share a draw.
template <class T>
struct DropoutForward {
  const T* x;
  T* y;
  std::int64_t n;
  std::uint32_t threshold;
  T factor;
  Random random;
  const detail::StepNumbers* step;  ///< of a recorded training step; null: random's own

  BRINDLE_HOST_DEVICE void operator()(std::int64_t q) const {
    Random now = random;
    if (step) now.step = step->step;
    const Philox p = now.words(static_cast<std::uint64_t>(q));
    for (std::int64_t k = 0; k < 4 && 4 * q + k < n; ++k)
      y[4 * q + k] = p.word[k] >= threshold ? x[4 * q + k] * factor : T(0);
  }
};

/// Element i of dropout with one draw for several: along the axes whose `step` is 0.
template <class T>
struct DropoutShared {
  const T* x;
  T* y;
  std::int64_t size[Shape::max_rank], step[Shape::max_rank];  ///< of x's axes; from one draw to the next
  int rank;
  std::uint32_t threshold;
  T factor;
  Random random;
  const detail::StepNumbers* now;  ///< of a recorded training step; null: random's own

  static DropoutShared of(const T* x, T* y, const Shape& shape, const Shape& noise, std::uint32_t threshold, T factor,
                          const Random& random, const detail::StepNumbers* now) {
    DropoutShared all{x, y, {}, {}, shape.rank(), threshold, factor, random, now};
    std::int64_t step = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      all.size[axis] = shape[axis];
      all.step[axis] = noise[axis] > 1 ? step : 0;
      step *= noise[axis];
    }
    return all;
  }

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    std::int64_t draw = 0, rest = i;
    for (int axis = rank - 1; axis >= 0; --axis) {
      draw += rest % size[axis] * step[axis];
      rest /= size[axis];
    }
    Random at = random;
    if (now) at.step = now->step;
    const Philox p = at.words(static_cast<std::uint64_t>(draw / 4));
    y[i] = p.word[draw % 4] >= threshold ? x[i] * factor : T(0);
  }
};

/// y[i] = x[i] factor where mask[i], else 0.
template <class T>
struct DropoutMasked {
  const T* x;
  const std::uint8_t* mask;
  T* y;
  T factor;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = mask[i] ? x[i] * factor : T(0); }
};

}  // namespace brindle::ops::kernel
