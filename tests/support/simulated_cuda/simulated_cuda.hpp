// SPDX-License-Identifier: MIT
#pragma once

// A GPU for machines without one: the functions of cudart, cuDNN and cuBLASLt that the library calls, as plain loops.
//
// It shows that the library's own work is right: which calls it makes, with which sizes, strides and pointers, in which
// order, and what its kernels compute. It shows nothing of the real libraries and nothing of speed.
//
// - "GPU memory" is closed to the processor outside of these functions: reading it elsewhere ends the program.
// - New memory and workspaces are filled with NaN.
// - Work that is put into a stream that records is kept, and run when the graph is launched.
// - Calls that a recording forbids fail, in all threads where it is of a stream that waits for the default one.
// - Several threads may work with it; their works are done one after the other.
//
// Units that use it are compiled with this header in front of brindle's.

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace simulated_cuda {

/// Runs work on the GPU, or keeps it where the stream records.
void enqueue(cudaStream_t stream, std::function<void()> work);

/// Whether memory [p, p + bytes) is GPU memory that was allocated.
bool on_gpu(const void* p, std::size_t bytes);

/// What happened since the program began.
struct Counts {
  std::atomic<std::int64_t> launches = 0;  ///< kernels of brindle's own
  std::int64_t graph_launches = 0;
  std::int64_t allocations = 0;
  std::int64_t live_bytes = 0;
  std::int64_t waits = 0;  ///< of the processor for the GPU
};
Counts& counts();

/// What the libraries have no kernel for; false at first.
struct Refusals {
  bool fused_convolution = false;  ///< with bias and relu
  bool epilogues = false;          ///< of products
};
Refusals& refusals();

/// So many GPUs, which are one; 1 at first. They share its memory.
void set_gpus(int count);
/// The number of the calling thread's GPU.
int gpu_here();

/// A limit for live_bytes, to see what happens at the end of memory.
void set_memory(std::size_t bytes);

template <class Body>
void launch(cudaStream_t stream, std::int64_t count, const Body& body) {
  ++counts().launches;
  enqueue(stream, [count, body] {
    for (std::int64_t i = count - 1; i >= 0; --i) body(i);
  });
}

}  // namespace simulated_cuda

#define BRINDLE_CUDA_LAUNCH(stream, count, body) ::simulated_cuda::launch(stream, count, body)
