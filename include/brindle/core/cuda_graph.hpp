// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "brindle/core/cuda.hpp"

namespace brindle::detail {
inline namespace BRINDLE_CUDA_UNIT {

/// Work that is recorded once and then replayed as a whole, which costs the processor one call.
class CudaGraph {
 public:
  CudaGraph() = default;
  /// The other one has nothing recorded afterwards.
  CudaGraph(CudaGraph&& other) noexcept : executable_(std::exchange(other.executable_, nullptr)) {}
  /// The two change places.
  CudaGraph& operator=(CudaGraph&& other) noexcept {
    std::swap(executable_, other.executable_);
    return *this;
  }
  ~CudaGraph() {
    if (executable_) static_cast<void>(cudaGraphExecDestroy(executable_));
  }

  bool recorded() const { return executable_ != nullptr; }  ///< replay() may be called

  /// Records what work() does with `on`, a context of Cuda::with_step(), and with copies of it, without running it.
  /// work() takes no memory and waits for nothing; whatever it uses must stay where it is.
  template <class F>
  void record(const Cuda& on, F&& work) {
    const Cuda::Recording recording(on);
    BRINDLE_CUDA_CHECK(cudaStreamBeginCapture(on.stream(), cudaStreamCaptureModeThreadLocal));
    cudaGraph_t graph = nullptr;
    try {
      work();
    } catch (...) {
      if (cudaStreamEndCapture(on.stream(), &graph) == cudaSuccess && graph) static_cast<void>(cudaGraphDestroy(graph));
      static_cast<void>(cudaGetLastError());
      throw;
    }
    BRINDLE_CUDA_CHECK(cudaStreamEndCapture(on.stream(), &graph));
    *this = CudaGraph();
    const cudaError_t code = cudaGraphInstantiate(&executable_, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    check_cuda(code, "cudaGraphInstantiate", __FILE__, __LINE__);
  }

  /// Runs it, behind the work that is already in the stream.
  void replay(const Cuda& on) const { BRINDLE_CUDA_CHECK(cudaGraphLaunch(executable_, on.stream())); }

 private:
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace BRINDLE_CUDA_UNIT
}  // namespace brindle::detail
