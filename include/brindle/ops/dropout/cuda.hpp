// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/dropout/cuda_kernels.hpp"
#include "brindle/ops/dropout/dropout.hpp"

namespace brindle::ops::kernel {

template <class T>
struct dropout<T, Cuda> {
  static void forward(const Cuda& on, In<T, Cuda> x, Out<T, Cuda> y, const DropoutScale& scale, const Random& random) {
    launch(
        on, (x.size() + 3) / 4,
        DropoutForward<T>{x.data, y.data, x.size(), scale.threshold, static_cast<T>(scale.factor), random, on.step()});
  }

  static void shared(const Cuda& on, In<T, Cuda> x, const Shape& noise, Out<T, Cuda> y, const DropoutScale& scale,
                     const Random& random) {
    launch(on, x.size(),
           DropoutShared<T>::of(x.data, y.data, x.shape, noise, scale.threshold, static_cast<T>(scale.factor), random,
                                on.step()));
  }

  static void masked(const Cuda& on, In<T, Cuda> x, In<std::uint8_t, Cuda> mask, Out<T, Cuda> y,
                     const DropoutScale& scale) {
    launch(on, x.size(), DropoutMasked<T>{x.data, mask.data, y.data, static_cast<T>(scale.factor)});
  }
};

}  // namespace brindle::ops::kernel
