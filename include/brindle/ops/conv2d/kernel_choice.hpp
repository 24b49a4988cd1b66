// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/ops/conv2d/conv2d.hpp"

namespace brindle::ops {
namespace kernel {

/// How a picture is cut into the tiles of Winograd's F(m x m, 3 x 3): the last rows and columns may be half a tile.
template <int m>
struct WinogradCut {
  static constexpr int points = m + 2;         ///< a side of the transformed tile
  static constexpr int half = m == 4 ? 2 : m;  ///< outputs on a side of the smallest tile

  /// Whole tiles on a side of `size` outputs; what is left is half a tile or nothing.
  static constexpr std::int64_t whole(std::int64_t size) { return (size + (half < m ? m - half : m) - 1) / m; }
  static constexpr bool has_half(std::int64_t size) { return size > whole(size) * m; }

  /// Multiplications of a picture of h x w outputs, for an input and an output channel.
  static constexpr std::int64_t multiplications(std::int64_t h, std::int64_t w) {
    const auto side = [](std::int64_t size) { return whole(size) * points + (has_half(size) ? half + 2 : 0); };
    return side(h) * side(w);
  }

  /// Tiles that a picture of h x w outputs is cut into.
  static constexpr std::int64_t tiles(std::int64_t h, std::int64_t w) {
    const auto side = [](std::int64_t size) { return whole(size) + (has_half(size) ? 1 : 0); };
    return side(h) * side(w);
  }
};

/// Whether filters are worth a matrix unit: splitting pixels takes as long as the products of few channels do, and
/// large filters of 1x1, which few pixels may wait for, come from memory sooner as floats. Measured on an Intel Xeon
/// with AMX and 2 MiB of level 2 cache a core, one and two threads, pictures of 7x7 to 112x112.
inline constexpr std::int64_t amx_fewest_channels = 64, amx_most_pointwise = std::int64_t{1} << 18;
constexpr bool amx_takes(const FilterShape& w) {
  constexpr std::int64_t most_taps = 64;
  const std::int64_t taps = w.kh * w.kw, fewest = taps == 1 ? amx_fewest_channels : amx_fewest_channels / 2;
  return w.ci >= fewest && w.co >= fewest && taps <= most_taps && (taps > 1 || w.ci * w.co <= amx_most_pointwise);
}

/// Whether the gradients of filters that it does not take are made there: those of large ones, as batches have pixels
/// enough.
constexpr bool amx_takes_gradients(const FilterShape& w) {
  return w.kh * w.kw == 1 && w.ci >= amx_fewest_channels && w.co >= amx_fewest_channels &&
         w.ci * w.co > amx_most_pointwise;
}

/// Whether the products of F(4x4, 3x3) are worth one, of pictures of so many tiles: small filters stay in the level 2
/// cache, split; large ones need channels and tiles enough for what they take to be split and to go through the level 3
/// cache. Time against that of multiply-adds on an Intel Xeon with 2 MiB of level 2 cache a core, two threads, for one
/// picture and for 30: 64 channels, 150x150 0.80, 0.85, 56x56 0.82, 0.80, 14x14 0.81, 0.80; 128, 75x75 0.93, 0.90,
/// 28x28 1.07, 0.85; 128 to 256, 37x37 0.98, 0.59; 256, 37x37 0.94, 0.64, 28x28 1.00, 0.67; 512, 18x18 0.95, 0.66. Left
/// to multiply-adds: 256, 14x14 1.08, 0.75; 512, 7x7 (30) 1.4; 64 to 128, 75x75 1.2, 1.0; 96, 56x56 1.3, 0.94.
constexpr bool amx_takes_winograd(std::int64_t tiles, const FilterShape& w) {
  const std::int64_t least = std::min(w.ci, w.co);
  if (w.ci * w.co <= amx_fewest_channels * amx_fewest_channels) return least >= amx_fewest_channels / 2 && tiles >= 16;
  return least >= 2 * amx_fewest_channels && tiles >= 25;
}

}  // namespace kernel

/// The ways to convolve on the Cpu.
enum class Conv2DKernel {
  implicit_gemm,  ///< any shape: a matrix product over the picture itself
  winograd_f4,    ///< 3x3, stride 1: 4x4 outputs a tile, with a quarter of the multiplications
  winograd_f3,    ///< 3x3, stride 1: 3x3 outputs a tile, with 25/81 of them
  winograd_f2,    ///< 3x3, stride 1: 2x2 outputs a tile, 4/9 of them, as exact as a plain sum
  gathered_gemm,  ///< dilation, groups: what filters see is gathered, a matrix product for each group
  amx_gemm,       ///< on the matrix unit of a processor that has AMX: any shape but for those of few channels
  amx_winograd,   ///< winograd_f4, multiplied there
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
    case Conv2DKernel::gathered_gemm:
      return "gathered gemm";
    case Conv2DKernel::amx_gemm:
      return "implicit gemm on AMX";
    case Conv2DKernel::amx_winograd:
      return "winograd F(4x4, 3x3) on AMX";
    case Conv2DKernel::implicit_gemm:
      break;
  }
  return "implicit gemm";
}

/// Which of them convolves pictures x with filters w. precise: only those whose rounding error is that of a plain sum.
/// amx: there is a matrix unit. What has no way with fewer multiplications it takes by the filters alone, so that a
/// part of a picture has the bits of the whole; never by the number of pictures, so that each has the bits that it has
/// alone.
///
/// Winograd's transforms cost the same for one channel as for many products; with fewer than 12 input or output
/// channels they cost more than they save. What hangs over the edge of y is computed, too: 9x9 outputs are better cut
/// into tiles of 3x3 than of 4x4. pooled: the last row and column of an odd y are not needed; what is left is even and
/// never gets tiles of 3x3, which would cut the windows of the pool.
template <class T>
Conv2DKernel choose_conv2d_kernel(const Shape4& x, const FilterShape& w, const Conv2DOptions& o, bool precise,
                                  bool pooled = false, bool amx = false) {
  if (!o.is_plain()) return Conv2DKernel::gathered_gemm;
  const bool on_amx = amx && std::is_same_v<T, float> && kernel::amx_takes(w);
  const Conv2DKernel product = on_amx ? Conv2DKernel::amx_gemm : Conv2DKernel::implicit_gemm;
  if (!std::is_same_v<T, float> || w.kh != 3 || w.kw != 3 || !(o.stride == Size2(1)) || w.ci < 12 || w.co < 12)
    return product;
  const Shape4 y = conv2d_shape(x, w, o);
  const std::int64_t h = pooled ? y.h / 2 * 2 : y.h, width = pooled ? y.w / 2 * 2 : y.w;
  const auto cost = [&]<int m>(std::integral_constant<int, m>) {
    return static_cast<double>(kernel::WinogradCut<m>::multiplications(h, width));
  };
  const double plain = static_cast<double>(9 * h * width);
  const double f4 = cost(std::integral_constant<int, 4>{}), f3 = cost(std::integral_constant<int, 3>{}),
               f2 = cost(std::integral_constant<int, 2>{});
  if (!precise && f3 < 0.9 * f4 && f3 < f2 && f3 < 0.7 * plain) return Conv2DKernel::winograd_f3;
  if (!precise && f4 < f2 && f4 < 0.7 * plain)
    return amx && kernel::amx_takes_winograd(kernel::WinogradCut<4>::tiles(h, width), w) ? Conv2DKernel::amx_winograd
                                                                                         : Conv2DKernel::winograd_f4;
  if (f2 < 0.7 * plain) return Conv2DKernel::winograd_f2;
  return product;
}

}  // namespace brindle::ops
