// SPDX-License-Identifier: MIT
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <span>
#include <string>

#include "brindle/core/cuda_error.hpp"
#include "brindle/core/error.hpp"
#include "brindle/train/process_group.hpp"

namespace brindle {

/// Processes whose GPUs send to each other, without a copy in the processor's memory: NcclGroup of
/// brindle/cuda_distributed.hpp is one. What any other ProcessGroup exchanges of a GPU's memory is copied there first.
class CudaProcessGroup : public ProcessGroup {
 public:
  /// CUDA's number of the GPU of this process.
  virtual int gpu() const = 0;

  /// As exchange(), of bytes in the memory of this GPU: one of the works of the stream, so that it returns before it is
  /// done.
  virtual void exchange_on_gpu(cudaStream_t stream, int partner, std::span<const std::byte> send,
                               std::span<std::byte> receive) = 0;
};

/// The GPU that a process of a group takes unless it is told another one: the processes of a machine take its GPUs in
/// turn, by their numbers there.
///
///     const Cuda on(Cuda::Options{.gpu = gpu_of(*group)});
///
/// Throws CudaError where there is none.
inline int gpu_of(const ProcessGroup& group) {
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  static_cast<void>(cudaGetLastError());
  if (found != cudaSuccess || count == 0)
    detail::raise<CudaError>(std::string("no CUDA device: ") +
                             (found == cudaSuccess ? "none is there" : cudaGetErrorString(found)) +
                             "; start processes on machines with GPUs, or train on the processor, with Cpu in place of "
                             "Cuda");
  return group.local_rank() % count;
}

}  // namespace brindle
