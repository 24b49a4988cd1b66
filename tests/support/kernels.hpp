// SPDX-License-Identifier: MIT
#pragma once

// The ops on the Cpu for float and for double. Header-only this is brindle/ops/cpu.hpp, kernels and all. In the
// compiled form the kernels for float are in the library; those for double, which programs take from the headers, stand
// in a table of the tests' own, so that a file of tests neither sees Eigen nor compiles a kernel. double_kernels.cpp
// fills it.

#include "brindle/ops/cpu.hpp"

#ifdef BRINDLE_COMPILED
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "brindle/ops/kernel_table.hpp"

namespace brindle::ops::kernel {

/// As KernelTable, for double.
struct DoubleKernelTable {
  using Real = double;
  using Read = TensorView<const Real>;
  using Write = TensorView<Real>;
  using ReadBytes = TensorView<const std::uint8_t>;
  using WriteBytes = TensorView<std::uint8_t>;
  using ReadPrepared = TensorView<const std::byte>;
  using WritePrepared = TensorView<std::byte>;
  using ReadClasses = TensorView<const std::int32_t>;
  using WriteClasses = TensorView<std::int32_t>;

#define BRINDLE_ENTRY(op, function, ...) std::add_pointer_t<__VA_ARGS__> op##_##function;
  BRINDLE_CPU_KERNELS(BRINDLE_ENTRY)
#undef BRINDLE_ENTRY
};

extern const DoubleKernelTable double_kernel_table;

#ifndef BRINDLE_KERNELS_HERE
/// As TableCall, for double.
template <auto entry>
struct DoubleTableCall;

template <class R, class... Args, R (*DoubleKernelTable::*entry)(Args...)>
struct DoubleTableCall<entry> {
  R operator()(Args... args) const { return (double_kernel_table.*entry)(std::forward<Args>(args)...); }
};

#define BRINDLE_CALL(op, function, ...) \
  static constexpr DoubleTableCall<&DoubleKernelTable::op##_##function> function{};
#define BRINDLE_OP(op, functions) \
  template <>                     \
  struct op<double, Cpu> {        \
    functions(BRINDLE_CALL)       \
  };
BRINDLE_OP(activation, BRINDLE_CPU_ACTIVATION)
BRINDLE_OP(adam, BRINDLE_CPU_ADAM)
BRINDLE_OP(add, BRINDLE_CPU_ADD)
BRINDLE_OP(avgpool2d, BRINDLE_CPU_AVGPOOL2D)
BRINDLE_OP(batch_normalization, BRINDLE_CPU_BATCH_NORMALIZATION)
BRINDLE_OP(binary_crossentropy, BRINDLE_CPU_BINARY_CROSSENTROPY)
BRINDLE_OP(categorical_crossentropy, BRINDLE_CPU_CATEGORICAL_CROSSENTROPY)
BRINDLE_OP(clip, BRINDLE_CPU_CLIP)
BRINDLE_OP(concatenate, BRINDLE_CPU_CONCATENATE)
BRINDLE_OP(conv2d, BRINDLE_CPU_CONV2D)
BRINDLE_OP(dense, BRINDLE_CPU_DENSE)
BRINDLE_OP(depthwise_conv2d, BRINDLE_CPU_DEPTHWISE_CONV2D)
BRINDLE_OP(dropout, BRINDLE_CPU_DROPOUT)
BRINDLE_OP(gemm, BRINDLE_CPU_GEMM)
BRINDLE_OP(globalpool2d, BRINDLE_CPU_GLOBALPOOL2D)
BRINDLE_OP(l2_penalty, BRINDLE_CPU_L2_PENALTY)
BRINDLE_OP(layer_normalization, BRINDLE_CPU_LAYER_NORMALIZATION)
BRINDLE_OP(maxpool2d, BRINDLE_CPU_MAXPOOL2D)
BRINDLE_OP(multiply, BRINDLE_CPU_MULTIPLY)
BRINDLE_OP(regression_error, BRINDLE_CPU_REGRESSION_ERROR)
BRINDLE_OP(rescale, BRINDLE_CPU_RESCALE)
BRINDLE_OP(rmsprop, BRINDLE_CPU_RMSPROP)
BRINDLE_OP(sgd, BRINDLE_CPU_SGD)
BRINDLE_OP(softmax, BRINDLE_CPU_SOFTMAX)
BRINDLE_OP(sparse_categorical_crossentropy, BRINDLE_CPU_SPARSE_CATEGORICAL_CROSSENTROPY)
BRINDLE_OP(zero_padding2d, BRINDLE_CPU_ZERO_PADDING2D)
#undef BRINDLE_OP
#undef BRINDLE_CALL
#endif

}  // namespace brindle::ops::kernel
#endif
