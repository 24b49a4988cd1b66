// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"
#include "brindle/ops/binary_crossentropy/cuda_kernels.hpp"

namespace brindle::ops::kernel {

template <class T>
struct binary_crossentropy<T, Cuda> {
  static void logits(const Cuda& on, In<T, Cuda> z, In<T, Cuda> t, In<T, Cuda> weight, Out<T, Cuda> each,
                     Out<T, Cuda> dz, const BinaryCrossentropyOptions& o) {
    launch(
        on, z.shape[0],
        BinaryCrossentropySample<T>{z.data, t.data, weight.data, each.data, dz.data, z.shape[0], z.shape[1], true, o});
  }

  static void probabilities(const Cuda& on, In<T, Cuda> p, In<T, Cuda> t, In<T, Cuda> weight, Out<T, Cuda> each,
                            Out<T, Cuda> dp, const BinaryCrossentropyOptions& o) {
    launch(
        on, p.shape[0],
        BinaryCrossentropySample<T>{p.data, t.data, weight.data, each.data, dp.data, p.shape[0], p.shape[1], false, o});
  }
};

}  // namespace brindle::ops::kernel
