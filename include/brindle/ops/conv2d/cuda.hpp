// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/activation/cuda.hpp"
#include "brindle/ops/add/cuda.hpp"
#include "brindle/ops/batch_normalization/cuda.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/conv2d/cuda_general.hpp"
#include "brindle/ops/conv2d/cuda_kernels.hpp"
#include "brindle/ops/conv2d/cuda_plan.hpp"
#include "brindle/ops/cuda_column_sums.hpp"
#include "brindle/ops/cuda_cudnn.hpp"
#include "brindle/ops/cuda_scratch.hpp"
#include "brindle/ops/gemm/cuda.hpp"
#include "brindle/ops/maxpool2d/cuda.hpp"
#include "brindle/ops/softmax/cuda.hpp"

namespace brindle::ops::kernel {

/// By cuDNN, pictures and filters channels last. cuDNN wants filters as (CO, KH, KW, CI): ours, (KH, KW, CI, CO), are
/// turned in the workspace first, which costs a reading and a writing of them. Dilation and groups have kernels of
/// their own, in float32 whatever the precision is.
template <>
struct conv2d<float, Cuda> {
  static std::int64_t workspace(const Cuda& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o,
                                bool /*prologue*/) {
    return o.is_plain() ? forward_workspace(on, x, w, o) : general_workspace(on, x, w, o);
  }

  static std::int64_t forward_workspace(const Cuda& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    if (x.size() == 0 || !o.is_plain()) return 0;
    CudaScratch scratch;
    static_cast<void>(Buffers(on, scratch, CudaConvolution::of(x, w, o), true));
    return scratch.bytes();
  }

  static std::string name(const Cuda& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o, bool) {
    if (!o.is_plain()) return "direct";
    const auto lock = on.lock();
    switch (conv2d_plan(on, x, w, o).forward(on)) {
      case CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM:
        return "cudnn implicit gemm";
      case CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM:
        return "cudnn implicit gemm, indices made before";
      case CUDNN_CONVOLUTION_FWD_ALGO_GEMM:
        return "cudnn gemm";
      case CUDNN_CONVOLUTION_FWD_ALGO_DIRECT:
        return "cudnn direct";
      case CUDNN_CONVOLUTION_FWD_ALGO_FFT:
        return "cudnn fft";
      case CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING:
        return "cudnn fft, tiled";
      case CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD:
      case CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED:
        return "cudnn winograd";
      default:
        return "cudnn";
    }
  }

  /// The filters are turned in each call: cheap beside what a GPU does with them.
  static std::int64_t prepared_bytes(const Cuda&, const Shape4&, const FilterShape&, const Conv2DOptions&, bool) {
    return 0;
  }
  static void prepare(const Cuda&, const Shape4&, In<float, Cuda>, const Conv2DOptions&, bool, Out<std::byte, Cuda>) {}

  static void forward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias, Out<float, Cuda> y,
                      const Conv2DOptions& o, Workspace<Cuda> workspace, In<std::byte, Cuda>,
                      const Prologue<float, Cuda>& = {}) {
    if (!o.is_plain()) return general_forward(on, x, w, bias, y, o);
    const auto lock = on.lock();
    Conv2DPlan& plan = conv2d_plan(on, x.shape, w.shape, o);
    CudaScratch scratch(workspace);
    convolve(on, plan, Buffers(on, scratch, plan.shapes, false), x, w, bias, y.data, o.activation);
  }

  static void forward_added(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias,
                            In<float, Cuda> residual, Out<float, Cuda> y, const Conv2DOptions& o,
                            Workspace<Cuda> workspace, In<std::byte, Cuda> prepared) {
    Conv2DOptions sums = o;
    sums.activation = ActivationFunction::linear;
    forward(on, x, w, bias, y, sums, workspace, prepared);
    add<float, Cuda>::forward(on, y, residual, y, o.activation);
  }

  static void forward_normalized(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias,
                                 const ChannelNormalization<float, Cuda>& normalization, In<float, Cuda> residual,
                                 Out<float, Cuda> y, const Conv2DOptions& o, Workspace<Cuda> workspace,
                                 In<std::byte, Cuda> prepared) {
    Conv2DOptions sums = o;
    sums.activation = ActivationFunction::linear;
    forward(on, x, w, bias, y, sums, workspace, prepared);
    batch_normalization<float, Cuda>::normalize(on, normalization, residual, y, o.activation);
  }

  static void forward_pooled(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias,
                             Out<float, Cuda> y, Out<std::uint8_t, Cuda> code, const Conv2DOptions& o,
                             Workspace<Cuda> workspace, In<std::byte, Cuda>) {
    const auto lock = on.lock();
    Conv2DPlan& plan = conv2d_plan(on, x.shape, w.shape, o);
    CudaScratch scratch(workspace);
    const Buffers buffers(on, scratch, plan.shapes, true);
    convolve(on, plan, buffers, x, w, bias, buffers.full, o.activation);
    const Shape4 z = plan.shapes.y, pooled = y.shape;
    if (code.empty())
      maxpool2d<float, Cuda>::forward_by_cudnn(on, buffers.full, y.data, z, pooled, {});
    else
      by_vectors(z.c, y.data, code.data, [&]<int width>() {
        launch(on, pooled.size() / width,
               PoolWithCode<float, width>{buffers.full, y.data, code.data, z.h, z.w, z.c, pooled.h, pooled.w,
                                          o.activation == ActivationFunction::relu});
      });
  }

  static void backward_data(const Cuda& on, In<float, Cuda> dz, In<float, Cuda> w, Out<float, Cuda> dx,
                            const Conv2DOptions& o, Workspace<Cuda> workspace) {
    if (!o.is_plain()) return general_backward_data(on, dz, w, dx, o);
    const auto lock = on.lock();
    Conv2DPlan& plan = conv2d_plan(on, dx.shape, w.shape, o);
    CudaScratch scratch(workspace);
    gradient_by_x(on, plan, Buffers(on, scratch, plan.shapes, false), dz.data, w, dx);
  }

  static void backward_data_pooled(const Cuda& on, In<float, Cuda> dy, In<std::uint8_t, Cuda> code, In<float, Cuda> w,
                                   Out<float, Cuda> dx, const Conv2DOptions& o, Workspace<Cuda> workspace) {
    const auto lock = on.lock();
    Conv2DPlan& plan = conv2d_plan(on, dx.shape, w.shape, o);
    CudaScratch scratch(workspace);
    const Buffers buffers(on, scratch, plan.shapes, true);
    expand(on, plan, dy, code, buffers.full);
    gradient_by_x(on, plan, buffers, buffers.full, w, dx);
  }

  static void backward_weights(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dz, Out<float, Cuda> dw,
                               Out<float, Cuda> db, const Conv2DOptions& o, Workspace<Cuda> workspace,
                               const Prologue<float, Cuda>& = {}) {
    if (dz.size() == 0) return clear(on, dw, db);
    if (!o.is_plain()) return general_backward_weights(on, x, dz, dw, db, o, workspace);
    const auto lock = on.lock();
    Conv2DPlan& plan = conv2d_plan(on, x.shape, dw.shape, o);
    CudaScratch scratch(workspace);
    const Buffers buffers(on, scratch, plan.shapes, false);
    gradient_by_w(on, plan, buffers, x, dz.data, dw);
    if (!db.empty()) column_sums(on, dz.data, nullptr, dz.size() / db.size(), db.size(), db.data, buffers.sums);
  }

  static void backward_weights_pooled(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dy,
                                      In<std::uint8_t, Cuda> code, Out<float, Cuda> dw, Out<float, Cuda> db,
                                      const Conv2DOptions& o, Workspace<Cuda> workspace) {
    if (dy.size() == 0) return clear(on, dw, db);
    const auto lock = on.lock();
    Conv2DPlan& plan = conv2d_plan(on, x.shape, dw.shape, o);
    CudaScratch scratch(workspace);
    const Buffers buffers(on, scratch, plan.shapes, true);
    expand(on, plan, dy, code, buffers.full);
    gradient_by_w(on, plan, buffers, x, buffers.full, dw);
    if (!db.empty()) column_sums(on, dy.data, code.data, dy.size() / db.size(), db.size(), db.data, buffers.sums);
  }

  // Convolutions of any kind, by kernels of our own.

  static std::int64_t general_workspace(const Cuda&, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    CudaScratch scratch;
    static_cast<void>(GeneralSums(scratch, GeneralConvolution::of(x, w, o), w.co));
    return scratch.bytes();
  }

  static void general_forward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias,
                              Out<float, Cuda> y, const Conv2DOptions& o) {
    const GeneralConvolution at = GeneralConvolution::of(x.shape, w.shape, o);
    launch(on, y.size(), GeneralForward<float>{x.data, w.data, bias.data, y.data, at});
    if (o.activation != ActivationFunction::linear) activate<float>(on, o.activation, y, y);
  }

  static void general_backward_data(const Cuda& on, In<float, Cuda> dz, In<float, Cuda> w, Out<float, Cuda> dx,
                                    const Conv2DOptions& o) {
    const GeneralConvolution at = GeneralConvolution::of(dx.shape, w.shape, o);
    launch(on, dx.size(), GeneralBackwardData<float>{dz.data, w.data, dx.data, at});
  }

  static void general_backward_weights(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dz, Out<float, Cuda> dw,
                                       Out<float, Cuda> db, const Conv2DOptions& o, Workspace<Cuda> workspace) {
    if (dz.size() == 0) return clear(on, dw, db);
    const GeneralConvolution at = GeneralConvolution::of(x.shape, dw.shape, o);
    CudaScratch scratch(workspace);
    const std::int64_t outputs = at.groups * at.co;
    const GeneralSums sums(scratch, at, outputs);
    launch(on, at.parts() * dw.size(), GeneralBackwardWeights<float>{x.data, dz.data, sums.parts, at});
    column_sums(on, sums.parts, nullptr, at.parts(), dw.size(), dw.data, sums.columns);
    if (!db.empty()) column_sums(on, dz.data, nullptr, dz.size() / outputs, outputs, db.data, sums.bias);
  }

 private:
  // What the gradients by w and bias take where cuDNN has no part in them.
  struct GeneralSums {
    float *parts, *columns, *bias;

    GeneralSums(CudaScratch& scratch, const GeneralConvolution& at, std::int64_t outputs) {
      const std::int64_t size = at.kh * at.kw * at.ci * outputs;
      parts = scratch.take<float>(at.parts() * size);
      columns = scratch.take<float>(column_sums_scratch(at.parts(), size));
      bias = scratch.take<float>(column_sums_scratch(at.n * at.oh * at.ow, outputs));
    }
  };

  // What a pass takes from the workspace. Arrays are float, or bfloat16 with Precision::bf16. cuDNN gets the most that
  // it may ever ask for: how much it wants is known when a plan asks for algorithms, and that takes long.
  struct Buffers {
    float* full = nullptr;   // what a 2x2 pool reads, or its gradient (y's shape)
    std::byte* x = nullptr;  // pictures or their gradient in other numbers or with zeros around; null: the caller's
    std::byte* y = nullptr;  // outputs or their gradient in other numbers; null: the caller's
    std::byte* w = nullptr;  // filters or their gradient, turned
    float* sums = nullptr;   // of parts of the bias's gradient
    std::byte* library = nullptr;  // cuDNN's own
    std::size_t library_bytes = 0;

    Buffers(const Cuda& on, CudaScratch& scratch, const CudaConvolution& s, bool pooled) {
      const bool bf16 = on.precision() == Precision::bf16;
      const std::int64_t element = bf16 ? sizeof(detail::bfloat16) : sizeof(float);
      if (pooled) full = scratch.take<float>(s.y.size());
      if (bf16 || s.padded) x = scratch.take<std::byte>(element * s.convolved.size());
      if (bf16) y = scratch.take<std::byte>(element * s.y.size());
      w = scratch.take<std::byte>(element * s.w.size());
      sums = scratch.take<float>(column_sums_scratch(s.y.size() / s.y.c, s.y.c));
      library = scratch.take<std::byte>(on.options().most_workspace);
      library_bytes = static_cast<std::size_t>(on.options().most_workspace);
    }
  };

  static constexpr float one = 1, zero = 0;

  static void convolve(const Cuda& on, Conv2DPlan& plan, const Buffers& at, In<float, Cuda> x, In<float, Cuda> w,
                       In<float, Cuda> bias, float* y, ActivationFunction f) {
    const CudaConvolution& s = plan.shapes;
    const auto algorithm = plan.forward(on);
    const void* pictures = pictures_in(on, s, at, x.data);
    filters_in(on, s, at, w.data);
    if (on.precision() == Precision::bf16) {
      BRINDLE_CUDA_CHECK(cudnnConvolutionForward(on.cudnn(), &one, plan.x, pictures, plan.w, at.w,
                                                 plan.forward_description, algorithm, at.library, at.library_bytes,
                                                 &zero, plan.y, at.y));
      launch(on, s.y.size(),
             BiasActivationFromBfloat16{reinterpret_cast<const detail::bfloat16*>(at.y), bias.data, y, s.w.co, f});
      return;
    }
    if (f == ActivationFunction::relu && !bias.empty() && plan.fuses_bias_relu) {
      const cudnnStatus_t status = cudnnConvolutionBiasActivationForward(
          on.cudnn(), &one, plan.x, pictures, plan.w, at.w, plan.forward_description, algorithm, at.library,
          at.library_bytes, &zero, plan.y, y, plan.bias, bias.data, plan.relu, plan.y, y);
      plan.fuses_bias_relu = !cudnn_refuses(status);
      if (plan.fuses_bias_relu)
        return brindle::detail::check_cuda(status, "cudnnConvolutionBiasActivationForward", __FILE__, __LINE__);
    }
    BRINDLE_CUDA_CHECK(cudnnConvolutionForward(on.cudnn(), &one, plan.x, pictures, plan.w, at.w,
                                               plan.forward_description, algorithm, at.library, at.library_bytes, &zero,
                                               plan.y, y));
    if (!bias.empty()) cudnn_add_bias(on, s.y.c, bias.data, plan.y, y);
    if (f != ActivationFunction::linear) cuda_activation(on, f, 1, s.y.size(), s.y.size(), y, y);
  }

  static void gradient_by_x(const Cuda& on, Conv2DPlan& plan, const Buffers& at, const float* dz, In<float, Cuda> w,
                            Out<float, Cuda> dx) {
    const CudaConvolution& s = plan.shapes;
    const auto algorithm = plan.data(on);
    filters_in(on, s, at, w.data);
    BRINDLE_CUDA_CHECK(cudnnConvolutionBackwardData(on.cudnn(), &one, plan.w, at.w, plan.y, outputs_in(on, s, at, dz),
                                                    plan.data_description, algorithm, at.library, at.library_bytes,
                                                    &zero, plan.x, at.x ? static_cast<void*>(at.x) : dx.data));
    if (on.precision() == Precision::bf16)
      launch(on, s.x.size(),
             PicturesFromBfloat16{reinterpret_cast<const detail::bfloat16*>(at.x), dx.data, s.convolved.h,
                                  s.convolved.w, s.x.c, s.x.h, s.x.w, s.top, s.left});
    else if (s.padded)
      copy_picture(on, s, reinterpret_cast<float*>(at.x), dx.data, false);
  }

  static void gradient_by_w(const Cuda& on, Conv2DPlan& plan, const Buffers& at, In<float, Cuda> x, const float* dz,
                            Out<float, Cuda> dw) {
    const CudaConvolution& s = plan.shapes;
    const auto algorithm = plan.weights(on);
    const void* pictures = pictures_in(on, s, at, x.data);
    BRINDLE_CUDA_CHECK(cudnnConvolutionBackwardFilter(on.cudnn(), &one, plan.x, pictures, plan.y,
                                                      outputs_in(on, s, at, dz), plan.weights_description, algorithm,
                                                      at.library, at.library_bytes, &zero, plan.w, at.w));
    const std::int64_t taps = s.w.kh * s.w.kw * s.w.ci;
    if (on.precision() == Precision::bf16)
      launch(on, s.w.size(),
             FiltersFromBfloat16{reinterpret_cast<const detail::bfloat16*>(at.w), dw.data, taps, s.w.co});
    else
      cublas_transpose(on, s.w.co, taps, reinterpret_cast<const float*>(at.w), dw.data);
  }

  static void expand(const Cuda& on, const Conv2DPlan& plan, In<float, Cuda> dy, In<std::uint8_t, Cuda> code,
                     float* dz) {
    const Shape4 z = plan.shapes.y, pooled = dy.shape;
    by_vectors(z.c, dy.data, code.data, [&]<int width>() {
      launch(on, z.size() / width,
             ExpandPooled<float, width>{dy.data, code.data, dz, z.h, z.w, z.c, pooled.h, pooled.w});
    });
  }

  // work<4>() where channels and arrays allow vectors of four, else work<1>().
  template <class Work>
  static void by_vectors(std::int64_t channels, const float* pooled, const std::uint8_t* code, Work&& work) {
    if (channels % 4 == 0 && detail::CudaVector<float, 4>::is_aligned(pooled) &&
        detail::CudaVector<std::uint8_t, 4>::is_aligned(code))
      work.template operator()<4>();
    else
      work.template operator()<1>();
  }

  // x as cuDNN convolves it.
  static const void* pictures_in(const Cuda& on, const CudaConvolution& s, const Buffers& at, const float* x) {
    if (!at.x) {
      if (reinterpret_cast<std::uintptr_t>(x) % 16 != 0)  // what cuDNN reads at once
        brindle::detail::raise<CudaError>("conv2d: on a GPU x " + to_string(s.x) +
                                          " must begin at a multiple of 16 bytes; take slices of 4 samples, or a copy");
      return x;
    }
    if (on.precision() == Precision::bf16) {
      launch(on, s.convolved.size(),
             PicturesToBfloat16{x, reinterpret_cast<detail::bfloat16*>(at.x), s.convolved.h, s.convolved.w, s.x.c,
                                s.x.h, s.x.w, s.top, s.left});
    } else {
      BRINDLE_CUDA_CHECK(
          cudaMemsetAsync(at.x, 0, static_cast<std::size_t>(s.convolved.size()) * sizeof(float), on.stream()));
      copy_picture(on, s, reinterpret_cast<float*>(at.x), const_cast<float*>(x), true);
    }
    return at.x;
  }

  static void filters_in(const Cuda& on, const CudaConvolution& s, const Buffers& at, const float* w) {
    const std::int64_t taps = s.w.kh * s.w.kw * s.w.ci;
    if (on.precision() == Precision::bf16)
      launch(on, s.w.size(), FiltersToBfloat16{w, reinterpret_cast<detail::bfloat16*>(at.w), taps, s.w.co});
    else
      cublas_transpose(on, taps, s.w.co, w, reinterpret_cast<float*>(at.w));
  }

  // The gradient by y as cuDNN reads it.
  static const void* outputs_in(const Cuda& on, const CudaConvolution& s, const Buffers& at, const float* dz) {
    if (!at.y) return dz;
    launch(on, s.y.size(),
           PicturesToBfloat16{dz, reinterpret_cast<detail::bfloat16*>(at.y), s.y.h, s.y.w, s.y.c, s.y.h, s.y.w, 0, 0});
    return at.y;
  }

  // Between the inner part of `padded` (the convolved shape) and x: a copy of boxes, whose rows are those of pixels.
  static void copy_picture(const Cuda& on, const CudaConvolution& s, float* padded, float* x, bool into_padded) {
    const auto row = [](const Shape4& shape) { return static_cast<std::size_t>(shape.w * shape.c) * sizeof(float); };
    const cudaPitchedPtr around{padded, row(s.convolved), row(s.convolved), static_cast<std::size_t>(s.convolved.h)};
    const cudaPitchedPtr inner{x, row(s.x), row(s.x), static_cast<std::size_t>(s.x.h)};
    const cudaPos offset{static_cast<std::size_t>(s.left * s.x.c) * sizeof(float), static_cast<std::size_t>(s.top), 0};
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = into_padded ? inner : around;
    copy.dstPtr = into_padded ? around : inner;
    (into_padded ? copy.dstPos : copy.srcPos) = offset;
    copy.extent = {row(s.x), static_cast<std::size_t>(s.x.h), static_cast<std::size_t>(s.x.n)};
    copy.kind = cudaMemcpyDeviceToDevice;
    BRINDLE_CUDA_CHECK(cudaMemcpy3DAsync(&copy, on.stream()));
  }

  static void clear(const Cuda& on, Out<float, Cuda> dw, Out<float, Cuda> db) {
    for (const auto& gradient : {dw, db})
      if (!gradient.empty())
        BRINDLE_CUDA_CHECK(
            cudaMemsetAsync(gradient.data, 0, static_cast<std::size_t>(gradient.size()) * sizeof(float), on.stream()));
  }
};

}  // namespace brindle::ops::kernel
