// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "brindle/brindle.hpp"
#include "brindle/cuda.hpp"
#include "support/tensors.hpp"

// Tests of the GPU against the processor. They are built twice: by nvcc for a real GPU, where they skip if there is
// none, and by the C++ compiler for the simulated one of support/simulated_cuda/.
//
// Ends the test where there is no GPU; ctest counts it as skipped.
#define BRINDLE_TEST_NEEDS_GPU()     \
  if (!brindle::Cuda::available()) { \
    WARN("no CUDA device");          \
    return;                          \
  }

namespace brindle::test {

/// What the GPU is compared with.
inline const Cpu cpu{1};

/// Of a shape: numbers from low to high, by the seed.
inline Tensor<float> of(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  return random_tensor<float>(shape, seed, low, high);
}

/// Sums in another order, and products of tensor cores: shares of the largest element.
inline double gpu_tolerance(Precision p) {
  // 24 bits of mantissa and sums of some hundred terms; 11 bits; 8 bits. An H200 stays below a half of each.
  return p == Precision::float32 ? 1e-5 : p == Precision::tf32 ? 1.5e-3 : 1.5e-2;
}

template <class T>
Tensor<T, Cuda> on_gpu(const Tensor<T>& x) {
  return x.template to<Cuda>();
}

/// Compares what the GPU has with what the processor has.
template <class T>
void check_gpu(const std::string& what, const Tensor<T, Cuda>& got, const Tensor<T>& expected, double share = 2e-5) {
  check_close(what, got.template to<Cpu>(), expected, share);
}

inline Tensor<std::byte, Cuda> workspace(std::int64_t bytes) { return Tensor<std::byte, Cuda>::uninitialized({bytes}); }

}  // namespace brindle::test
