// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/adam/adam.hpp"
#include "brindle/ops/adam/cuda_kernels.hpp"

namespace brindle::ops::kernel {

template <class T>
struct adam<T, Cuda> {
  static void step(const Cuda& on, Out<T, Cuda> w, In<T, Cuda> g, Out<T, Cuda> m, Out<T, Cuda> v, Out<T, Cuda> most,
                   std::int64_t t, const AdamOptions& o) {
    const ParameterUpdate<T, Cuda> one{w, g, {m, v, most}};
    step_all(on, {&one, 1}, t, o);
  }

  static void step_all(const Cuda& on, std::span<const ParameterUpdate<T, Cuda>> all, std::int64_t t,
                       const AdamOptions& o) {
    for (std::size_t begin = 0; begin < all.size();) {
      const auto table = ParameterTable<T>::take(all, begin);
      launch(on, table.groups, AdamStep<T>{table, o, o.rate(t), on.step()});
    }
  }
};

}  // namespace brindle::ops::kernel
