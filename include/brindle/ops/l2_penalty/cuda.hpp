// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/clip/cuda.hpp"
#include "brindle/ops/l2_penalty/cuda_kernels.hpp"
#include "brindle/ops/l2_penalty/l2_penalty.hpp"

namespace brindle::ops::kernel {

template <class T>
struct l2_penalty<T, Cuda> {
  static void add(const Cuda& on, In<T, Cuda> w, double factor, Out<double, Cuda> total, Out<double, Cuda> workspace) {
    clip<T, Cuda>::square_sum(on, w, {workspace.data, {1}}, workspace.data + 1);
    launch(on, 1, AddPenalty{workspace.data, factor, total.data});
  }

  static void backward(const Cuda& on, In<T, Cuda> w, double factor, Out<T, Cuda> g) {
    launch(on, g.size(), AddPenaltyGradient<T>{w.data, static_cast<T>(2 * factor), g.data});
  }
};

}  // namespace brindle::ops::kernel
