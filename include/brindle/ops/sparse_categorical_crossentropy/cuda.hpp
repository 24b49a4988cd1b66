// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/cuda_kernels.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/sparse_categorical_crossentropy.hpp"

namespace brindle::ops::kernel {

template <class T>
struct sparse_categorical_crossentropy<T, Cuda> {
  static void logits(const Cuda& on, In<T, Cuda> z, In<std::int32_t, Cuda> classes, In<T, Cuda> weight,
                     Out<T, Cuda> each, Out<T, Cuda> dz, const SparseCategoricalCrossentropyOptions& o) {
    launch(on, z.shape[0],
           SparseCategoricalCrossentropySample<T>{z.data, classes.data, weight.data, each.data, dz.data, z.shape[0],
                                                  z.shape[1], true, static_cast<T>(o.label_smoothing)});
  }

  static void probabilities(const Cuda& on, In<T, Cuda> p, In<std::int32_t, Cuda> classes, In<T, Cuda> weight,
                            Out<T, Cuda> each, Out<T, Cuda> dp, const SparseCategoricalCrossentropyOptions& o) {
    launch(on, p.shape[0],
           SparseCategoricalCrossentropySample<T>{p.data, classes.data, weight.data, each.data, dp.data, p.shape[0],
                                                  p.shape[1], false, static_cast<T>(o.label_smoothing)});
  }

  static void class_numbers(const Cuda& on, In<T, Cuda> labels, Out<std::int32_t, Cuda> classes) {
    launch(on, labels.size(), ClassNumbers<T>{labels.data, classes.data});
  }
};

}  // namespace brindle::ops::kernel
