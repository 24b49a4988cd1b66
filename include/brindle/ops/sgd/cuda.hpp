// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/sgd/cuda_kernels.hpp"
#include "brindle/ops/sgd/sgd.hpp"

namespace brindle::ops::kernel {

template <class T>
struct sgd<T, Cuda> {
  static void step(const Cuda& on, Out<T, Cuda> w, In<T, Cuda> g, Out<T, Cuda> v, const SGDOptions& o) {
    const ParameterUpdate<T, Cuda> one{w, g, {v}};
    step_all(on, {&one, 1}, o);
  }

  static void step_all(const Cuda& on, std::span<const ParameterUpdate<T, Cuda>> all, const SGDOptions& o) {
    for (std::size_t begin = 0; begin < all.size();) {
      const auto table = ParameterTable<T>::take(all, begin);
      launch(on, table.groups, SGDStep<T>{table, o, on.step()});
    }
  }
};

}  // namespace brindle::ops::kernel
