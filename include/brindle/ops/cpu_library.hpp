// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "brindle/ops/kernel_table.hpp"

/// This unit calls the library for the kernels, and cannot have them itself.
#define BRINDLE_CPU_LIBRARY

namespace brindle::ops::kernel {

/// Calls an entry of the table, with its arguments and no others.
template <auto entry>
struct TableCall;

template <class R, class... Args, R (*KernelTable::*entry)(Args...)>
struct TableCall<entry> {
  R operator()(Args... args) const { return (kernel_table().*entry)(std::forward<Args>(args)...); }
};

// kernel::<op><float, Cpu> of a program that links the library. What looks like its static functions are objects: a
// unit that has the kernels themselves defines functions of these names, and the two must not meet in the linker.
#define BRINDLE_CALL(op, function, ...) static constexpr TableCall<&KernelTable::op##_##function> function{};

template <>
struct activation<float, Cpu> {
  BRINDLE_CPU_ACTIVATION(BRINDLE_CALL)
};

template <>
struct adam<float, Cpu> {
  BRINDLE_CPU_ADAM(BRINDLE_CALL)
};

template <>
struct add<float, Cpu> {
  BRINDLE_CPU_ADD(BRINDLE_CALL)
};

template <>
struct avgpool2d<float, Cpu> {
  BRINDLE_CPU_AVGPOOL2D(BRINDLE_CALL)
};

template <>
struct batch_normalization<float, Cpu> {
  BRINDLE_CPU_BATCH_NORMALIZATION(BRINDLE_CALL)
};

template <>
struct binary_crossentropy<float, Cpu> {
  BRINDLE_CPU_BINARY_CROSSENTROPY(BRINDLE_CALL)
};

template <>
struct categorical_crossentropy<float, Cpu> {
  BRINDLE_CPU_CATEGORICAL_CROSSENTROPY(BRINDLE_CALL)
};

template <>
struct clip<float, Cpu> {
  BRINDLE_CPU_CLIP(BRINDLE_CALL)
};

template <>
struct concatenate<float, Cpu> {
  BRINDLE_CPU_CONCATENATE(BRINDLE_CALL)
};

template <>
struct conv2d<float, Cpu> {
  BRINDLE_CPU_CONV2D(BRINDLE_CALL)
};

template <>
struct dense<float, Cpu> {
  BRINDLE_CPU_DENSE(BRINDLE_CALL)
};

template <>
struct depthwise_conv2d<float, Cpu> {
  BRINDLE_CPU_DEPTHWISE_CONV2D(BRINDLE_CALL)
};

template <>
struct dropout<float, Cpu> {
  BRINDLE_CPU_DROPOUT(BRINDLE_CALL)
};

template <>
struct gemm<float, Cpu> {
  BRINDLE_CPU_GEMM(BRINDLE_CALL)
};

template <>
struct globalpool2d<float, Cpu> {
  BRINDLE_CPU_GLOBALPOOL2D(BRINDLE_CALL)
};

template <>
struct l2_penalty<float, Cpu> {
  BRINDLE_CPU_L2_PENALTY(BRINDLE_CALL)
};

template <>
struct layer_normalization<float, Cpu> {
  BRINDLE_CPU_LAYER_NORMALIZATION(BRINDLE_CALL)
};

template <>
struct maxpool2d<float, Cpu> {
  BRINDLE_CPU_MAXPOOL2D(BRINDLE_CALL)
};

template <>
struct multiply<float, Cpu> {
  BRINDLE_CPU_MULTIPLY(BRINDLE_CALL)
};

template <>
struct regression_error<float, Cpu> {
  BRINDLE_CPU_REGRESSION_ERROR(BRINDLE_CALL)
};

template <>
struct rescale<float, Cpu> {
  BRINDLE_CPU_RESCALE(BRINDLE_CALL)
};

template <>
struct rmsprop<float, Cpu> {
  BRINDLE_CPU_RMSPROP(BRINDLE_CALL)
};

template <>
struct sgd<float, Cpu> {
  BRINDLE_CPU_SGD(BRINDLE_CALL)
};

template <>
struct softmax<float, Cpu> {
  BRINDLE_CPU_SOFTMAX(BRINDLE_CALL)
};

template <>
struct sparse_categorical_crossentropy<float, Cpu> {
  BRINDLE_CPU_SPARSE_CATEGORICAL_CROSSENTROPY(BRINDLE_CALL)
};

template <>
struct zero_padding2d<float, Cpu> {
  BRINDLE_CPU_ZERO_PADDING2D(BRINDLE_CALL)
};

#undef BRINDLE_CALL

}  // namespace brindle::ops::kernel
