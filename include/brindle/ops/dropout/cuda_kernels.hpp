#pragma once

#include <cstdint>

#include "brindle/core/cuda_step.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/core/random.hpp"

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
