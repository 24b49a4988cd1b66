// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/rmsprop/cuda_kernels.hpp"
#include "brindle/ops/rmsprop/rmsprop.hpp"

namespace brindle::ops::kernel {

template <class T>
struct rmsprop<T, Cuda> {
  static void step(const Cuda& on, Out<T, Cuda> w, In<T, Cuda> g, Out<T, Cuda> v, Out<T, Cuda> mean, Out<T, Cuda> move,
                   const RMSpropOptions& o) {
    ParameterUpdate<T, Cuda> one{w, g, {v, mean}};
    if (o.momentum != 0) one.slot = {v, move, mean};
    step_all(on, {&one, 1}, o);
  }

  static void step_all(const Cuda& on, std::span<const ParameterUpdate<T, Cuda>> all, const RMSpropOptions& o) {
    for (std::size_t begin = 0; begin < all.size();) {
      const auto table = ParameterTable<T>::take(all, begin);
      launch(on, table.groups, RMSpropStep<T>{table, o, on.step()});
    }
  }
};

}  // namespace brindle::ops::kernel
