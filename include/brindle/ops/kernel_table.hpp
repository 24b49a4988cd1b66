// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/cpu.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/activation.hpp"
#include "brindle/ops/adam/adam.hpp"
#include "brindle/ops/add/add.hpp"
#include "brindle/ops/avgpool2d/avgpool2d.hpp"
#include "brindle/ops/batch_normalization/backward_parts.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"
#include "brindle/ops/categorical_crossentropy/categorical_crossentropy.hpp"
#include "brindle/ops/clip/clip.hpp"
#include "brindle/ops/concatenate/concatenate.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/conv2d/conv2d_backward.hpp"
#include "brindle/ops/dense/dense.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d_backward.hpp"
#include "brindle/ops/dropout/dropout.hpp"
#include "brindle/ops/gemm/gemm.hpp"
#include "brindle/ops/globalpool2d/globalpool2d.hpp"
#include "brindle/ops/l2_penalty/l2_penalty.hpp"
#include "brindle/ops/layer_normalization/layer_normalization.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"
#include "brindle/ops/multiply/multiply.hpp"
#include "brindle/ops/regression_error/regression_error.hpp"
#include "brindle/ops/rescale/rescale.hpp"
#include "brindle/ops/rmsprop/rmsprop.hpp"
#include "brindle/ops/sgd/sgd.hpp"
#include "brindle/ops/softmax/softmax.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/sparse_categorical_crossentropy.hpp"
#include "brindle/ops/zero_padding2d/zero_padding2d.hpp"

// The functions of the CPU kernels that the ops call, as KERNEL(op, function, signature), a list for each op. Real,
// Read, Write and the like are the names of whoever uses a list. All that the compiled form knows of them is made from
// these lists: the table's entries, the calls through it (cpu_library.hpp) and what a unit with kernels writes into it
// (compiled/kernels.hpp), where a signature that is not the kernel's does not compile.

// clang-format off
#define BRINDLE_CPU_ACTIVATION(KERNEL) \
  KERNEL(activation, forward, void(const Cpu&, ActivationFunction, Read x, Write y)) \
  KERNEL(activation, backward, void(const Cpu&, ActivationFunction, Read z, Read dy, Write dx)) \
  KERNEL(activation, rectify, void(const Cpu&, Read x, Write y, const RectifierOptions&)) \
  KERNEL(activation, rectify_backward, void(const Cpu&, Read x, Read dy, Write dx, const RectifierOptions&)) \
  KERNEL(activation, elu, void(const Cpu&, Read x, Write y, double alpha)) \
  KERNEL(activation, elu_backward, void(const Cpu&, Read y, Read dy, Write dx, double alpha))
#define BRINDLE_CPU_ADAM(KERNEL) \
  KERNEL(adam, step, void(const Cpu&, Write w, Read g, Write m, Write v, Write most, std::int64_t t, const AdamOptions&))
#define BRINDLE_CPU_ADD(KERNEL) \
  KERNEL(add, forward, void(const Cpu&, Read a, Read b, Write y, ActivationFunction))
#define BRINDLE_CPU_AVGPOOL2D(KERNEL) \
  KERNEL(avgpool2d, forward, void(const Cpu&, Read x, Write y, const AveragePool2DOptions&)) \
  KERNEL(avgpool2d, backward, void(const Cpu&, Read dy, Write dx, const AveragePool2DOptions&))
#define BRINDLE_CPU_BATCH_NORMALIZATION(KERNEL) \
  KERNEL(batch_normalization, workspace, std::int64_t(const Cpu&, const Shape& x)) \
  KERNEL(batch_normalization, statistics, void(const Cpu&, Read x, Write mean, Write variance, Workspace<Cpu>)) \
  KERNEL(batch_normalization, forward, \
         void(const Cpu&, Read x, Read mean, Read variance, Read gamma, Read beta, Write y, double epsilon, \
              ActivationFunction)) \
  KERNEL(batch_normalization, factors, \
         void(const Cpu&, Read variance, Read gamma, Read beta, double epsilon, Write factor, Write shift)) \
  KERNEL(batch_normalization, backward, \
         void(const Cpu&, bool of_batch, Read x, Read mean, Read variance, Read gamma, Read dy, Write dx, \
              Write dgamma, Write dbeta, double epsilon, Workspace<Cpu>, Read beta, ActivationFunction)) \
  KERNEL(batch_normalization, gradient_sums, \
         void(const Cpu&, Read x, const Prologue<Real, Cpu>&, Read dy, const GradientSums<Real, Cpu>&, Workspace<Cpu>)) \
  KERNEL(batch_normalization, gradient_factors, \
         void(const Cpu&, bool of_batch, std::int64_t rows, Read variance, Read gamma, double epsilon, \
              const GradientSums<Real, Cpu>&, Write dgamma, Write dbeta, Write along, Write rest)) \
  KERNEL(batch_normalization, backward_data, \
         void(const Cpu&, const GradientPrologue<Real, Cpu>&, Read dy, Write dx)) \
  KERNEL(batch_normalization, follow, void(const Cpu&, Write value, Read now, double momentum))
#define BRINDLE_CPU_BINARY_CROSSENTROPY(KERNEL) \
  KERNEL(binary_crossentropy, logits, \
         void(const Cpu&, Read z, Read t, Read weight, Write each, Write dz, const BinaryCrossentropyOptions&)) \
  KERNEL(binary_crossentropy, probabilities, \
         void(const Cpu&, Read p, Read t, Read weight, Write each, Write dp, const BinaryCrossentropyOptions&))
#define BRINDLE_CPU_CATEGORICAL_CROSSENTROPY(KERNEL) \
  KERNEL(categorical_crossentropy, logits, \
         void(const Cpu&, Read z, Read t, Read weight, Write each, Write dz, const CategoricalCrossentropyOptions&)) \
  KERNEL(categorical_crossentropy, probabilities, \
         void(const Cpu&, Read p, Read t, Read weight, Write each, Write dp, const CategoricalCrossentropyOptions&))
#define BRINDLE_CPU_CLIP(KERNEL) \
  KERNEL(clip, value, void(const Cpu&, Write g, double limit)) \
  KERNEL(clip, partial_sums, std::int64_t(const Cpu&, std::int64_t n)) \
  KERNEL(clip, square_sum, void(const Cpu&, Read g, TensorView<double> sum, double* partial)) \
  KERNEL(clip, factors, \
         void(const Cpu&, TensorView<const double> sums, TensorView<double> factors, double limit, bool global)) \
  KERNEL(clip, scale, void(const Cpu&, Write g, TensorView<const double> by))
#define BRINDLE_CPU_CONCATENATE(KERNEL) \
  KERNEL(concatenate, copy, \
         void(const Cpu&, std::int64_t rows, std::int64_t width, const Real* from, std::int64_t from_step, Real* to, \
              std::int64_t to_step))
#define BRINDLE_CPU_CONV2D(KERNEL) \
  KERNEL(conv2d, workspace, \
         std::int64_t(const Cpu&, const Shape4& x, const FilterShape& w, const Conv2DOptions&, bool prologue)) \
  KERNEL(conv2d, forward_workspace, \
         std::int64_t(const Cpu&, const Shape4& x, const FilterShape& w, const Conv2DOptions&)) \
  KERNEL(conv2d, name, \
         std::string(const Cpu&, const Shape4& x, const FilterShape& w, const Conv2DOptions&, bool pooled)) \
  KERNEL(conv2d, prepared_bytes, \
         std::int64_t(const Cpu&, const Shape4& x, const FilterShape& w, const Conv2DOptions&, bool pooled)) \
  KERNEL(conv2d, prepare, \
         void(const Cpu&, const Shape4& x, Read w, const Conv2DOptions&, bool pooled, WritePrepared)) \
  KERNEL(conv2d, forward, \
         void(const Cpu&, Read x, Read w, Read bias, Write y, const Conv2DOptions&, Workspace<Cpu>, ReadPrepared, \
              const Prologue<Real, Cpu>&)) \
  KERNEL(conv2d, forward_added, \
         void(const Cpu&, Read x, Read w, Read bias, Read residual, Write y, const Conv2DOptions&, Workspace<Cpu>, \
              ReadPrepared)) \
  KERNEL(conv2d, forward_normalized, \
         void(const Cpu&, Read x, Read w, Read bias, const ChannelNormalization<Real, Cpu>&, Read residual, Write y, \
              const Conv2DOptions&, Workspace<Cpu>, ReadPrepared)) \
  KERNEL(conv2d, forward_pooled, \
         void(const Cpu&, Read x, Read w, Read bias, Write y, WriteBytes code, const Conv2DOptions&, Workspace<Cpu>, \
              ReadPrepared)) \
  KERNEL(conv2d, backward_data, void(const Cpu&, Read dz, Read w, Write dx, const Conv2DOptions&, Workspace<Cpu>)) \
  KERNEL(conv2d, backward_data_pooled, \
         void(const Cpu&, Read dy, ReadBytes code, Read w, Write dx, const Conv2DOptions&, Workspace<Cpu>)) \
  KERNEL(conv2d, backward_weights, \
         void(const Cpu&, Read x, Read dz, Write dw, Write db, const Conv2DOptions&, Workspace<Cpu>, \
              const Prologue<Real, Cpu>&)) \
  KERNEL(conv2d, backward, \
         void(const Cpu&, Read x, Read dy, Read w, Write dw, Write db, Write dx, const Conv2DOptions&, Workspace<Cpu>, \
              const Prologue<Real, Cpu>&, const GradientPrologue<Real, Cpu>&, const GradientSums<Real, Cpu>&)) \
  KERNEL(conv2d, backward_weights_pooled, \
         void(const Cpu&, Read x, Read dy, ReadBytes code, Write dw, Write db, const Conv2DOptions&, Workspace<Cpu>))
#define BRINDLE_CPU_DENSE(KERNEL) \
  KERNEL(dense, workspace, \
         std::int64_t(const Cpu&, std::int64_t samples, std::int64_t inputs, std::int64_t outputs)) \
  KERNEL(dense, forward, void(const Cpu&, Read x, Read w, Read bias, Write y, ActivationFunction, Workspace<Cpu>)) \
  KERNEL(dense, backward_data, void(const Cpu&, Read dz, Read w, Write dx, Workspace<Cpu>)) \
  KERNEL(dense, backward_weights, void(const Cpu&, Read x, Read dz, Write dw, Write db, Workspace<Cpu>)) \
  KERNEL(dense, backward_update, \
         void(const Cpu&, Read x, Read dz, Read w, Write dx, Write db, DenseUpdate<Real, Cpu>, Read state, \
              Workspace<Cpu>))
#define BRINDLE_CPU_DEPTHWISE_CONV2D(KERNEL) \
  KERNEL(depthwise_conv2d, workspace, \
         std::int64_t(const Cpu&, const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions&, bool prologue)) \
  KERNEL(depthwise_conv2d, forward_workspace, \
         std::int64_t(const Cpu&, const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions&, bool prologue)) \
  KERNEL(depthwise_conv2d, forward, \
         void(const Cpu&, Read x, Read w, Read bias, Write y, const DepthwiseConv2DOptions&, Workspace<Cpu>, \
              const Prologue<Real, Cpu>&)) \
  KERNEL(depthwise_conv2d, forward_normalized, \
         void(const Cpu&, Read x, Read w, Read bias, const ChannelNormalization<Real, Cpu>&, Write y, \
              const DepthwiseConv2DOptions&, Workspace<Cpu>)) \
  KERNEL(depthwise_conv2d, backward_data, void(const Cpu&, Read dz, Read w, Write dx, const DepthwiseConv2DOptions&, Workspace<Cpu>)) \
  KERNEL(depthwise_conv2d, backward, \
         void(const Cpu&, Read x, Read dy, Read w, Write dw, Write db, Write dx, const DepthwiseConv2DOptions&, \
              Workspace<Cpu>, const Prologue<Real, Cpu>&, const GradientPrologue<Real, Cpu>&, \
              const GradientSums<Real, Cpu>&)) \
  KERNEL(depthwise_conv2d, backward_weights, \
         void(const Cpu&, Read x, Read dz, Write dw, Write db, const DepthwiseConv2DOptions&, Workspace<Cpu>, \
              const Prologue<Real, Cpu>&))
#define BRINDLE_CPU_DROPOUT(KERNEL) \
  KERNEL(dropout, forward, void(const Cpu&, Read x, Write y, const DropoutScale&, const Random&)) \
  KERNEL(dropout, shared, \
         void(const Cpu&, Read x, const Shape& noise, Write y, const DropoutScale&, const Random&)) \
  KERNEL(dropout, masked, void(const Cpu&, Read x, ReadBytes mask, Write y, const DropoutScale&))
#define BRINDLE_CPU_GEMM(KERNEL) \
  KERNEL(gemm, workspace, \
         std::int64_t(const Cpu&, std::int64_t m, std::int64_t n, std::int64_t k, const GemmOptions&)) \
  KERNEL(gemm, run, \
         void(const Cpu&, const MatrixView<const Real>& a, const MatrixView<const Real>& b, Read bias, \
              const MatrixView<Real>& c, const GemmOptions&, Workspace<Cpu>))
#define BRINDLE_CPU_GLOBALPOOL2D(KERNEL) \
  KERNEL(globalpool2d, average, void(const Cpu&, Read x, Write y)) \
  KERNEL(globalpool2d, average_backward, void(const Cpu&, Read dy, Write dx)) \
  KERNEL(globalpool2d, maximum, void(const Cpu&, Read x, Write y)) \
  KERNEL(globalpool2d, maximum_backward, void(const Cpu&, Read x, Read y, Read dy, Write dx))
#define BRINDLE_CPU_L2_PENALTY(KERNEL) \
  KERNEL(l2_penalty, add, \
         void(const Cpu&, Read w, double factor, TensorView<double> total, TensorView<double> workspace)) \
  KERNEL(l2_penalty, backward, void(const Cpu&, Read w, double factor, Write g))
#define BRINDLE_CPU_LAYER_NORMALIZATION(KERNEL) \
  KERNEL(layer_normalization, forward, void(const Cpu&, Read x, Read gamma, Read beta, Write y, double epsilon)) \
  KERNEL(layer_normalization, workspace, std::int64_t(const Cpu&, const Shape& x)) \
  KERNEL(layer_normalization, backward, \
         void(const Cpu&, Read x, Read gamma, Read dy, Write dx, Write dgamma, Write dbeta, double epsilon, \
              Workspace<Cpu>))
#define BRINDLE_CPU_MAXPOOL2D(KERNEL) \
  KERNEL(maxpool2d, forward, void(const Cpu&, Read x, Write y, WriteBytes code, const MaxPool2DOptions&)) \
  KERNEL(maxpool2d, backward, void(const Cpu&, Read dy, ReadBytes code, Write dx, const MaxPool2DOptions&))
#define BRINDLE_CPU_MULTIPLY(KERNEL) \
  KERNEL(multiply, forward, void(const Cpu&, Read x, Read factor, Write y, const FactorShape&)) \
  KERNEL(multiply, backward, void(const Cpu&, Read x, Read dy, Write dfactor, const FactorShape&))
#define BRINDLE_CPU_REGRESSION_ERROR(KERNEL) \
  KERNEL(regression_error, run, \
         void(const Cpu&, Read y, Read t, Read weight, Write each, Write dy, const RegressionErrorOptions&))
#define BRINDLE_CPU_RESCALE(KERNEL) \
  KERNEL(rescale, forward, void(const Cpu&, Read x, Read centre, Read factor, Read offset, Write y)) \
  KERNEL(rescale, backward, void(const Cpu&, Read dy, Read factor, Write dx))
#define BRINDLE_CPU_RMSPROP(KERNEL) \
  KERNEL(rmsprop, step, void(const Cpu&, Write w, Read g, Write v, Write mean, Write move, const RMSpropOptions&))
#define BRINDLE_CPU_SGD(KERNEL) \
  KERNEL(sgd, step, void(const Cpu&, Write w, Read g, Write v, const SGDOptions&))
#define BRINDLE_CPU_SOFTMAX(KERNEL) \
  KERNEL(softmax, forward, void(const Cpu&, Read x, Write y)) \
  KERNEL(softmax, backward, void(const Cpu&, Read y, Read dy, Write dx))
#define BRINDLE_CPU_SPARSE_CATEGORICAL_CROSSENTROPY(KERNEL) \
  KERNEL(sparse_categorical_crossentropy, logits, \
         void(const Cpu&, Read z, ReadClasses, Read weight, Write each, Write dz, \
              const SparseCategoricalCrossentropyOptions&)) \
  KERNEL(sparse_categorical_crossentropy, probabilities, \
         void(const Cpu&, Read p, ReadClasses, Read weight, Write each, Write dp, \
              const SparseCategoricalCrossentropyOptions&)) \
  KERNEL(sparse_categorical_crossentropy, class_numbers, void(const Cpu&, Read labels, WriteClasses))
#define BRINDLE_CPU_ZERO_PADDING2D(KERNEL) \
  KERNEL(zero_padding2d, forward, void(const Cpu&, Read x, Write y, const Border&)) \
  KERNEL(zero_padding2d, backward, void(const Cpu&, Read dy, Write dx, const Border&))

#define BRINDLE_CPU_KERNELS(KERNEL) \
  BRINDLE_CPU_ACTIVATION(KERNEL) \
  BRINDLE_CPU_ADAM(KERNEL) \
  BRINDLE_CPU_ADD(KERNEL) \
  BRINDLE_CPU_AVGPOOL2D(KERNEL) \
  BRINDLE_CPU_BATCH_NORMALIZATION(KERNEL) \
  BRINDLE_CPU_BINARY_CROSSENTROPY(KERNEL) \
  BRINDLE_CPU_CATEGORICAL_CROSSENTROPY(KERNEL) \
  BRINDLE_CPU_CLIP(KERNEL) \
  BRINDLE_CPU_CONCATENATE(KERNEL) \
  BRINDLE_CPU_CONV2D(KERNEL) \
  BRINDLE_CPU_DENSE(KERNEL) \
  BRINDLE_CPU_DEPTHWISE_CONV2D(KERNEL) \
  BRINDLE_CPU_DROPOUT(KERNEL) \
  BRINDLE_CPU_GEMM(KERNEL) \
  BRINDLE_CPU_GLOBALPOOL2D(KERNEL) \
  BRINDLE_CPU_L2_PENALTY(KERNEL) \
  BRINDLE_CPU_LAYER_NORMALIZATION(KERNEL) \
  BRINDLE_CPU_MAXPOOL2D(KERNEL) \
  BRINDLE_CPU_MULTIPLY(KERNEL) \
  BRINDLE_CPU_REGRESSION_ERROR(KERNEL) \
  BRINDLE_CPU_RESCALE(KERNEL) \
  BRINDLE_CPU_RMSPROP(KERNEL) \
  BRINDLE_CPU_SGD(KERNEL) \
  BRINDLE_CPU_SOFTMAX(KERNEL) \
  BRINDLE_CPU_SPARSE_CATEGORICAL_CROSSENTROPY(KERNEL) \
  BRINDLE_CPU_ZERO_PADDING2D(KERNEL)
// clang-format on

namespace brindle::ops::kernel {

/// The CPU kernels of one instruction set, for float: a function pointer for each line of the lists above, named
/// <op>_<function>. It has the same layout in all units, whatever their flags.
struct KernelTable {
  using Real = float;
  using Read = TensorView<const Real>;
  using Write = TensorView<Real>;
  using ReadBytes = TensorView<const std::uint8_t>;
  using WriteBytes = TensorView<std::uint8_t>;
  using ReadPrepared = TensorView<const std::byte>;
  using WritePrepared = TensorView<std::byte>;
  using ReadClasses = TensorView<const std::int32_t>;
  using WriteClasses = TensorView<std::int32_t>;

  const char* isa;   ///< what cpu_isa() gives
  const char* simd;  ///< what cpu_simd() gives
  bool amx;          ///< whether there are kernels for AMX

#define BRINDLE_ENTRY(op, function, ...) std::add_pointer_t<__VA_ARGS__> op##_##function;
  BRINDLE_CPU_KERNELS(BRINDLE_ENTRY)
#undef BRINDLE_ENTRY
};

/// The kernels that run, chosen at the first call; cpu_isa() says how, and what is thrown.
const KernelTable& kernel_table();

}  // namespace brindle::ops::kernel
