// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::report {

namespace internal {

/// "AVX-512 (x86-64-v4), 2 threads": what the kernels on this device use.
std::string processor_text(const Cpu& on);

}  // namespace internal

/// What computes a model on the Cpu for batches of n: "AVX-512 (x86-64-v4), 2 threads", by ops::cpu_simd() and
/// ops::cpu_isa(on), then a line for each layer that has a choice of algorithms, with a pool that runs in the same
/// pass, and, where the weights are fixed (Model::fix_weights), layers that run in bands of rows, and the bytes of
/// filters that predictions prepare once.
template <class T, class Device>
std::string kernels(const Model<T, Device>& model, std::int64_t n = 1);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/kernels_inl.hpp"
#endif
