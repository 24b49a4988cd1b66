#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/conv2d/im2col.hpp"

namespace brindle::ops {

/// The ways to convolve on the Cpu.
enum class Conv2DKernel {
  im2col,        ///< any shape
  winograd_f4,   ///< 3x3, stride 1: 4x4 outputs a tile
  winograd_f2,   ///< 3x3, stride 1: 2x2 outputs a tile, as exact as a plain sum
  few_channels,  ///< filters in registers, for the first layer
};

/// Which of them is taken. precise: only those whose rounding error is that of a plain sum.
inline Conv2DKernel choose_conv2d_kernel([[maybe_unused]] const Shape4& x, [[maybe_unused]] const FilterShape& w,
                                         [[maybe_unused]] const Conv2DOptions& o, [[maybe_unused]] bool precise) {
  return Conv2DKernel::im2col;
}

namespace kernel {

template <class T>
struct conv2d<T, Cpu> {
  static std::int64_t workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    return with_kernel(on, x, w, o, [&](auto chosen) { return chosen.workspace(on, x, w, o); });
  }

  static std::int64_t forward_workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    return with_kernel(on, x, w, o, [&](auto chosen) { return chosen.forward_workspace(on, x, w, o); });
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y, const Conv2DOptions& o,
                      Workspace<Cpu> workspace) {
    with_kernel(on, x.shape, w.shape, o, [&](auto chosen) { chosen.forward(on, x, w, bias, y, o, workspace); });
  }

  static void forward_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                             Out<std::uint8_t, Cpu> code, const Conv2DOptions& o, Workspace<Cpu> workspace) {
    with_kernel(on, x.shape, w.shape, o,
                [&](auto chosen) { chosen.forward_pooled(on, x, w, bias, y, code, o, workspace); });
  }

  static void backward_data(const Cpu& on, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, const Conv2DOptions& o,
                            Workspace<Cpu> workspace) {
    with_kernel(on, dx.shape, w.shape, o, [&](auto chosen) { chosen.backward_data(on, dz, w, dx, o, workspace); });
  }

  static void backward_data_pooled(const Cpu& on, In<T, Cpu> dy, In<std::uint8_t, Cpu> code, In<T, Cpu> w,
                                   Out<T, Cpu> dx, const Conv2DOptions& o, Workspace<Cpu> workspace) {
    with_kernel(on, dx.shape, w.shape, o,
                [&](auto chosen) { chosen.backward_data_pooled(on, dy, code, w, dx, o, workspace); });
  }

  static void backward_weights(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                               const Conv2DOptions& o, Workspace<Cpu> workspace) {
    with_kernel(on, x.shape, dw.shape, o,
                [&](auto chosen) { chosen.backward_weights(on, x, dz, dw, db, o, workspace); });
  }

  static void backward_weights_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, In<std::uint8_t, Cpu> code,
                                      Out<T, Cpu> dw, Out<T, Cpu> db, const Conv2DOptions& o,
                                      Workspace<Cpu> workspace) {
    with_kernel(on, x.shape, dw.shape, o,
                [&](auto chosen) { chosen.backward_weights_pooled(on, x, dy, code, dw, db, o, workspace); });
  }

 private:
  // Each kernel is a struct with these static functions.
  template <class F>
  static auto with_kernel(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o, F&& call) {
    switch (choose_conv2d_kernel(x, w, o, on.precise())) {
      case Conv2DKernel::im2col:
      case Conv2DKernel::winograd_f4:
      case Conv2DKernel::winograd_f2:
      case Conv2DKernel::few_channels:
        break;
    }
    return call(conv2d_im2col<T>{});
  }
};

}  // namespace kernel
}  // namespace brindle::ops
