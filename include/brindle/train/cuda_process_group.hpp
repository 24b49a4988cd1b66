// SPDX-License-Identifier: MIT
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <span>

#include "brindle/train/process_group.hpp"

namespace brindle {

/// Processes whose GPUs send to each other, without a copy in the processor's memory: NcclGroup of
/// brindle/cuda_distributed.hpp is one. What any other ProcessGroup exchanges of a GPU's memory is copied there first.
class CudaProcessGroup : public ProcessGroup {
 public:
  /// As exchange(), of bytes in the memory of this process's GPU: one of the works of the stream, so that it returns
  /// before it is done.
  virtual void exchange_on_gpu(cudaStream_t stream, int partner, std::span<const std::byte> send,
                               std::span<std::byte> receive) = 0;
};

}  // namespace brindle
