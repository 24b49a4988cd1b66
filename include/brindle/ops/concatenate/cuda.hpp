// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/concatenate/concatenate.hpp"
#include "brindle/ops/concatenate/cuda_kernels.hpp"

namespace brindle::ops::kernel {

template <class T>
struct concatenate<T, Cuda> {
  static void copy(const Cuda& on, std::int64_t rows, std::int64_t width, const T* from, std::int64_t from_step, T* to,
                   std::int64_t to_step) {
    launch(on, rows * width, CopyRuns<T>{from, to, width, from_step, to_step});
  }
};

}  // namespace brindle::ops::kernel
