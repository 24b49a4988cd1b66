// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/add/add.hpp"
#include "brindle/ops/add/cuda_kernels.hpp"

namespace brindle::ops::kernel {

template <class T>
struct add<T, Cuda> {
  static void forward(const Cuda& on, In<T, Cuda> a, In<T, Cuda> b, Out<T, Cuda> y, ActivationFunction f) {
    launch(on, y.size(), AddForward<T>{a.data, b.data, y.data, f});
  }
};

}  // namespace brindle::ops::kernel
