// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <typeinfo>

#include "brindle/core/cuda.hpp"

namespace brindle {

#if defined(__CUDACC__)

namespace detail {
inline namespace BRINDLE_CUDA_UNIT {

/// body(i) for each i in [0, count), each thread taking every so many-th one. __grid_constant__: the body stays where
/// the launch put it, and is not copied for each thread.
template <class Body>
__global__ void each_index(std::int64_t count, const __grid_constant__ Body body) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) body(i);
}

}  // namespace BRINDLE_CUDA_UNIT
}  // namespace detail

#endif

inline namespace BRINDLE_CUDA_UNIT {

#if defined(__CUDACC__)

/// body(i) for each i in [0, count) on the GPU, in any order. Body: a trivially copyable value whose operator() runs on
/// the GPU, at most 4 KB.
template <class Body>
void launch(const Cuda& on, std::int64_t count, const Body& body) {
  static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= 4000);
  if (count == 0) return;
  constexpr int threads = 256;
  // 8 blocks of 256 threads fill a multiprocessor; a few times that many even out.
  const auto most = static_cast<std::int64_t>(on.multiprocessors()) * 32;
  const auto blocks = static_cast<unsigned>(std::min((count + threads - 1) / threads, most));
  brindle::detail::each_index<<<blocks, threads, 0, on.stream()>>>(count, body);
  if (const cudaError_t code = cudaGetLastError(); code != cudaSuccess)
    brindle::detail::check_cuda(code, (std::string("launch of ") + typeid(Body).name()).c_str(), __FILE__, __LINE__);
}

#elif defined(BRINDLE_CUDA_LAUNCH)

template <class Body>
void launch(const Cuda& on, std::int64_t count, const Body& body) {
  static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= 4000);
  if (count > 0) BRINDLE_CUDA_LAUNCH(on.stream(), count, body);
}

#else

/// A unit that is not compiled by nvcc has no kernels of its own: predicting needs none, training does.
template <class Body>
void launch(const Cuda&, std::int64_t count, const Body&) {
  static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= 4000);
  if (count > 0)
    brindle::detail::raise<CudaError>(
        "this part of the program is compiled without nvcc and can only predict on the GPU; compile the file that "
        "trains with nvcc (CMake: set_source_files_properties(file.cpp PROPERTIES LANGUAGE CUDA))");
}

#endif

}  // namespace BRINDLE_CUDA_UNIT
}  // namespace brindle
