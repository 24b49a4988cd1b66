// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/add/cpu.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/conv2d/amx_gemm.hpp"
#include "brindle/ops/conv2d/amx_weights.hpp"
#include "brindle/ops/conv2d/amx_winograd.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/conv2d/conv2d_backward.hpp"
#include "brindle/ops/conv2d/gathered_gemm.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/implicit_gemm_convolution.hpp"
#include "brindle/ops/conv2d/kernel_choice.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/conv2d/winograd.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/softmax/cpu.hpp"  // of activate(), which conv2d.hpp brings

namespace brindle::ops::kernel {

template <class T>
struct conv2d<T, Cpu> {
  static std::int64_t workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o,
                                bool prologue) {
    const auto all = [&](const auto& kernel) {
      return std::max(
          {kernel.forward_workspace(on), kernel.backward_data_workspace(on), kernel.backward_weights_workspace(on)});
    };
    return std::max(with_kernel(on, x, w, o, false, all, prologue), with_kernel(on, x, w, o, true, all));
  }

  static std::string name(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o, bool pooled) {
    return to_string(choose(on, x, w, o, pooled));
  }

  static std::int64_t forward_workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const auto forward = [&](const auto& kernel) { return kernel.forward_workspace(on); };
    return std::max(with_kernel(on, x, w, o, false, forward), with_kernel(on, x, w, o, true, forward));
  }

  static std::int64_t prepared_bytes(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o,
                                     bool pooled) {
    return with_kernel(on, x, w, o, pooled, [](const auto& kernel) { return kernel.prepared_size(); }) *
           static_cast<std::int64_t>(sizeof(T));
  }

  static void prepare(const Cpu& on, const Shape4& x, In<T, Cpu> w, const Conv2DOptions& o, bool pooled,
                      Out<std::byte, Cpu> prepared) {
    with_kernel(on, x, w.shape, o, pooled,
                [&](const auto& kernel) { kernel.prepare(on, w.data, reinterpret_cast<T*>(prepared.data)); });
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y, const Conv2DOptions& o,
                      Workspace<Cpu> workspace, In<std::byte, Cpu> prepared, const Prologue<T, Cpu>& prologue) {
    convolve(on, x, w, bias, y, {}, o, workspace, prepared, false, nullptr, nullptr, prologue);
  }

  static void forward_added(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, In<T, Cpu> residual,
                            Out<T, Cpu> y, const Conv2DOptions& o, Workspace<Cpu> workspace,
                            In<std::byte, Cpu> prepared) {
    convolve(on, x, w, bias, y, {}, o, workspace, prepared, false, residual.data);
  }

  static void forward_normalized(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias,
                                 const ChannelNormalization<T, Cpu>& normalization, In<T, Cpu> residual, Out<T, Cpu> y,
                                 const Conv2DOptions& o, Workspace<Cpu> workspace, In<std::byte, Cpu> prepared) {
    convolve(on, x, w, bias, y, {}, o, workspace, prepared, false, residual.data, &normalization);
  }

  static void forward_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                             Out<std::uint8_t, Cpu> code, const Conv2DOptions& o, Workspace<Cpu> workspace,
                             In<std::byte, Cpu> prepared) {
    convolve(on, x, w, bias, y, code, o, workspace, prepared, true);
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
                               const Conv2DOptions& o, Workspace<Cpu> workspace, const Prologue<T, Cpu>& prologue) {
    const auto run = [&](const auto& kernel) {
      kernel.backward_weights(on, picture(x, prologue), picture(dz), dw.data, db.data, workspace);
    };
    with_kernel(on, x.shape, dw.shape, o, false, run, !prologue.empty());
  }

  static void backward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, In<T, Cpu> w, Out<T, Cpu> dw, Out<T, Cpu> db,
                       Out<T, Cpu> dx, const Conv2DOptions& o, Workspace<Cpu> workspace,
                       const Prologue<T, Cpu>& prologue, const GradientPrologue<T, Cpu>& behind,
                       const GradientSums<T, Cpu>& sums) {
    const ConvGeometry g = ConvGeometry::of(x.shape, w.shape, o.stride, o.padding);
    Picture<T> dz = picture(dy);
    if (!behind.empty()) dz.behind = &behind;
    ImplicitGemmConvolution<T>(g, !prologue.empty())
        .backward(on, picture(x, prologue), dz, dw.data, db.data, {w.data, dx.data, sums}, workspace);
  }

  static void backward_weights_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, In<std::uint8_t, Cpu> code,
                                      Out<T, Cpu> dw, Out<T, Cpu> db, const Conv2DOptions& o,
                                      Workspace<Cpu> workspace) {
    const Picture<T> dz = unpooled(dy, code, x.shape, dw.shape, o);
    with_kernel(on, x.shape, dw.shape, o, true,
                [&](const auto& kernel) { kernel.backward_weights(on, picture(x), dz, dw.data, db.data, workspace); });
  }

 private:
  static void convolve(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                       Out<std::uint8_t, Cpu> code, const Conv2DOptions& o, Workspace<Cpu> workspace,
                       In<std::byte, Cpu> prepared, bool pooled, const T* residual = nullptr,
                       const ChannelNormalization<T, Cpu>* normalization = nullptr,
                       const Prologue<T, Cpu>& prologue = {}) {
    const PictureOutput<T> out{.y = y.data,
                               .code = code.data,
                               .bias = bias.data,
                               .activation = o.activation,
                               .pooled = pooled,
                               .residual = residual,
                               .normalization = normalization};
    with_kernel(on, x.shape, w.shape, o, pooled, [&](const auto& kernel) {
      kernel.forward(on, picture(x, prologue), w.data, out, workspace, reinterpret_cast<const T*>(prepared.data));
    });
    if (o.is_plain()) return;  // the gathered product leaves these out:
    if (normalization) return normalize(on, *normalization, o.activation, residual, y);
    if (residual) add<T, Cpu>::forward(on, y, {residual, y.shape}, y, ActivationFunction::linear);
    activate<T>(on, o.activation, y, y);
  }

  static void normalize(const Cpu& on, const ChannelNormalization<T, Cpu>& by, ActivationFunction f, const T* residual,
                        Out<T, Cpu> y) {
    const std::int64_t channels = y.shape.back();
    on.parallel_ranges(y.size() / channels, std::max<std::int64_t>(elementwise_piece / channels, 1),
                       [&](std::int64_t begin, std::int64_t end) {
                         const std::int64_t at = begin * channels;
                         normalize_stored(by, f, residual ? residual + at : nullptr, y.data + at, end - begin);
                       });
  }

  static Picture<T> picture(const In<T, Cpu>& x) { return picture(x, {}); }
  static Picture<T> picture(const In<T, Cpu>& x, const Prologue<T, Cpu>& prologue) {
    const Shape4 s = x.shape;
    return {.data = x.data, .h = s.h, .w = s.w, .c = s.c, .prologue = prologue.empty() ? nullptr : &prologue};
  }
  static Picture<T> unpooled(const In<T, Cpu>& dy, const In<std::uint8_t, Cpu>& code, const Shape4& x,
                             const FilterShape& w, const Conv2DOptions& o) {
    const Shape4 z = conv2d_shape(x, w, o);
    return {.data = dy.data, .code = code.data, .h = z.h, .w = z.w, .c = z.c};
  }

  static Conv2DKernel choose(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o,
                             bool pooled) {
    return choose_conv2d_kernel<T>(x, w, o, on.precise(), pooled, amx::built_in && on.amx());
  }

  /// call(kernel); pooled: without the last row and column of an odd y, which the pool leaves out. prologue: whether
  /// the gradient by filters may read a picture with one.
  template <class F>
  static auto with_kernel(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o, bool pooled,
                          F&& call, bool prologue = false) {
    ConvGeometry g = ConvGeometry::of(x, Shape4{w.kh, w.kw, w.ci, w.co}, o.stride, o.padding);
    if (pooled) g.oh -= g.oh % 2, g.ow -= g.ow % 2;
    switch (choose(on, x, w, o, pooled)) {
      case Conv2DKernel::winograd_f4:
        return call(WinogradConvolution<T, 4>(g));
      case Conv2DKernel::winograd_f3:
        return call(WinogradConvolution<T, 3>(g));
      case Conv2DKernel::winograd_f2:
        return call(WinogradConvolution<T, 2>(g));
      case Conv2DKernel::amx_winograd:
#if BRINDLE_UNIT_AMX
        if constexpr (std::is_same_v<T, float>) return call(WinogradConvolution<T, 4, AmxWinograd<4>>(g));
#endif
        break;
      case Conv2DKernel::gathered_gemm:
        return call(GatheredConvolution<T>(x, w, o));
      case Conv2DKernel::amx_gemm:
#if BRINDLE_UNIT_AMX
        if constexpr (std::is_same_v<T, float>) {
          // Gradients have the bits of those that are made at once.
          if (conv2d_takes_gradient_prologue<T, Cpu>(w, o))
            return call(ImplicitGemmConvolution<T, AmxGemm, ImplicitGemm<T>>(g, prologue));
          if (g.is_pointwise()) return call(ImplicitGemmConvolution<T, AmxGemm, AmxGemm, AmxWeights>(g, prologue));
          return call(ImplicitGemmConvolution<T, AmxGemm>(g, prologue));
        }
#endif
        break;
      case Conv2DKernel::implicit_gemm:
#if BRINDLE_UNIT_AMX
        if constexpr (std::is_same_v<T, float>)
          if (on.amx() && g.is_pointwise() && amx_takes_gradients(w))
            return call(ImplicitGemmConvolution<T, ImplicitGemm<T>, AmxGemm, AmxWeights>(g, prologue));
#endif
        break;
    }
    return call(ImplicitGemmConvolution<T>(g, prologue));
  }
};

}  // namespace brindle::ops::kernel
