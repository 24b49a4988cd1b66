#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/implicit_gemm.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/conv2d/winograd.hpp"
#include "brindle/ops/cpu_bias_activation.hpp"

namespace brindle::ops {

/// The ways to convolve on the Cpu.
enum class Conv2DKernel {
  implicit_gemm,  ///< any shape: a matrix product over the picture itself
  winograd_f4,    ///< 3x3, stride 1: 4x4 outputs a tile, with a quarter of the multiplications
  winograd_f3,    ///< 3x3, stride 1: 3x3 outputs a tile, with 25/81 of them
  winograd_f2,    ///< 3x3, stride 1: 2x2 outputs a tile, 4/9 of them, as exact as a plain sum
};

/// As report::kernels() lists it: "winograd F(4x4, 3x3)".
inline std::string to_string(Conv2DKernel kernel) {
  switch (kernel) {
    case Conv2DKernel::winograd_f4:
      return "winograd F(4x4, 3x3)";
    case Conv2DKernel::winograd_f3:
      return "winograd F(3x3, 3x3)";
    case Conv2DKernel::winograd_f2:
      return "winograd F(2x2, 3x3)";
    case Conv2DKernel::implicit_gemm:
      break;
  }
  return "implicit gemm";
}

/// Which of them convolves pictures x with filters w. precise: only those whose rounding error is that of a plain sum.
///
/// Winograd's transforms cost the same for one channel as for many products; with fewer than 12 input or output
/// channels they cost more than they save. What hangs over the edge of y is computed, too: 9x9 outputs are better cut
/// into tiles of 3x3 than of 4x4. pooled: the last row and column of an odd y are not needed; what is left is even and
/// never gets tiles of 3x3, which would cut the windows of the pool.
template <class T>
Conv2DKernel choose_conv2d_kernel(const Shape4& x, const FilterShape& w, const Conv2DOptions& o, bool precise,
                                  bool pooled = false) {
  if (!std::is_same_v<T, float> || w.kh != 3 || w.kw != 3 || !(o.stride == Size2(1)) || w.ci < 12 || w.co < 12)
    return Conv2DKernel::implicit_gemm;
  const Shape4 y = conv2d_shape(x, w, o);
  const std::int64_t h = pooled ? y.h / 2 * 2 : y.h, width = pooled ? y.w / 2 * 2 : y.w;
  const auto cost = [&]<int m>(std::integral_constant<int, m>) {
    return static_cast<double>(kernel::WinogradTile<T, m>::multiplications(h, width));
  };
  const double plain = static_cast<double>(9 * h * width);
  const double f4 = cost(std::integral_constant<int, 4>{}), f3 = cost(std::integral_constant<int, 3>{}),
               f2 = cost(std::integral_constant<int, 2>{});
  if (!precise && f3 < 0.9 * f4 && f3 < f2 && f3 < 0.7 * plain) return Conv2DKernel::winograd_f3;
  if (!precise && f4 < f2 && f4 < 0.7 * plain) return Conv2DKernel::winograd_f4;
  if (f2 < 0.7 * plain) return Conv2DKernel::winograd_f2;
  return Conv2DKernel::implicit_gemm;
}

namespace kernel {

template <class T>
struct conv2d<T, Cpu> {
  static std::int64_t workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const auto all = [&](const auto& kernel) {
      return std::max(
          {kernel.forward_workspace(on), kernel.backward_data_workspace(on), kernel.backward_weights_workspace(on)});
    };
    return std::max(with_kernel(on, x, w, o, false, all), with_kernel(on, x, w, o, true, all));
  }

  static std::string name(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o, bool pooled) {
    return to_string(choose_conv2d_kernel<T>(x, w, o, on.precise(), pooled));
  }

  static std::int64_t forward_workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const auto forward = [&](const auto& kernel) { return kernel.forward_workspace(on); };
    return std::max(with_kernel(on, x, w, o, false, forward), with_kernel(on, x, w, o, true, forward));
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y, const Conv2DOptions& o,
                      Workspace<Cpu> workspace) {
    forward_pooled(on, x, w, bias, y, {}, o, workspace, false);
  }

  static void forward_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                             Out<std::uint8_t, Cpu> code, const Conv2DOptions& o, Workspace<Cpu> workspace,
                             bool pooled = true) {
    const PictureOutput<T> out{.y = y.data,
                               .code = code.data,
                               .bias = bias.data,
                               .relu = o.activation == ActivationFunction::relu,
                               .pooled = pooled};
    with_kernel(on, x.shape, w.shape, o, pooled,
                [&](const auto& kernel) { kernel.forward(on, picture(x), w.data, out, workspace); });
    if (o.activation == ActivationFunction::sigmoid) sigmoid<T, Cpu>::forward(on, y, y);
  }

  static void backward_data(const Cpu& on, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, const Conv2DOptions& o,
                            Workspace<Cpu> workspace) {
    with_kernel(on, dx.shape, w.shape, o, false,
                [&](const auto& kernel) { kernel.backward_data(on, picture(dz), w.data, dx.data, workspace); });
  }

  static void backward_data_pooled(const Cpu& on, In<T, Cpu> dy, In<std::uint8_t, Cpu> code, In<T, Cpu> w,
                                   Out<T, Cpu> dx, const Conv2DOptions& o, Workspace<Cpu> workspace) {
    const Picture<T> dz = unpooled(dy, code, dx.shape, w.shape, o);
    with_kernel(on, dx.shape, w.shape, o, false,
                [&](const auto& kernel) { kernel.backward_data(on, dz, w.data, dx.data, workspace); });
  }

  static void backward_weights(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                               const Conv2DOptions& o, Workspace<Cpu> workspace) {
    with_kernel(on, x.shape, dw.shape, o, false, [&](const auto& kernel) {
      kernel.backward_weights(on, picture(x), picture(dz), dw.data, db.data, workspace);
    });
  }

  static void backward_weights_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, In<std::uint8_t, Cpu> code,
                                      Out<T, Cpu> dw, Out<T, Cpu> db, const Conv2DOptions& o,
                                      Workspace<Cpu> workspace) {
    const Picture<T> dz = unpooled(dy, code, x.shape, dw.shape, o);
    with_kernel(on, x.shape, dw.shape, o, true,
                [&](const auto& kernel) { kernel.backward_weights(on, picture(x), dz, dw.data, db.data, workspace); });
  }

 private:
  static Picture<T> picture(const In<T, Cpu>& x) {
    const Shape4 s = x.shape;
    return {.data = x.data, .h = s.h, .w = s.w, .c = s.c};
  }
  static Picture<T> unpooled(const In<T, Cpu>& dy, const In<std::uint8_t, Cpu>& code, const Shape4& x,
                             const FilterShape& w, const Conv2DOptions& o) {
    const Shape4 z = conv2d_shape(x, w, o);
    return {.data = dy.data, .code = code.data, .h = z.h, .w = z.w, .c = z.c};
  }

  /// call(kernel); pooled: without the last row and column of an odd y, which the pool leaves out.
  template <class F>
  static auto with_kernel(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o, bool pooled,
                          F&& call) {
    ConvGeometry g = ConvGeometry::of(x, Shape4{w.kh, w.kw, w.ci, w.co}, o.stride, o.padding);
    if (pooled) g.oh -= g.oh % 2, g.ow -= g.ow % 2;
    switch (choose_conv2d_kernel<T>(x, w, o, on.precise(), pooled)) {
      case Conv2DKernel::winograd_f4:
        return call(WinogradConvolution<T, 4>(g));
      case Conv2DKernel::winograd_f3:
        return call(WinogradConvolution<T, 3>(g));
      case Conv2DKernel::winograd_f2:
        return call(WinogradConvolution<T, 2>(g));
      case Conv2DKernel::implicit_gemm:
        break;
    }
    return call(ImplicitGemmConvolution<T>(g));
  }
};

}  // namespace kernel
}  // namespace brindle::ops
