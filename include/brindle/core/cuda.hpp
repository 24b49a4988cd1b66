// SPDX-License-Identifier: MIT
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <typeindex>
#include <typeinfo>
#include <utility>

#include "brindle/core/cuda_error.hpp"
#include "brindle/core/cuda_step.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/memory.hpp"

// Units compiled by nvcc have kernels of their own, others only the calls of cuDNN and cuBLAS. The device has another
// name in each kind, so that the two never share an instantiation of a template.
#if defined(__CUDACC__)
#define BRINDLE_CUDA_UNIT with_kernels
#elif defined(BRINDLE_CUDA_LAUNCH)
#define BRINDLE_CUDA_UNIT with_own_launch
#else
#define BRINDLE_CUDA_UNIT libraries_only
#endif

namespace brindle {

/// In which numbers matrix products and convolutions multiply. Weights, activations and sums are float32 in all.
enum class Precision {
  float32,  ///< 24 bits of mantissa
  tf32,     ///< 11 bits, on tensor cores
  bf16,     ///< 8 bits, on tensor cores: inputs are rounded to bfloat16 before they are multiplied
};

/// "float32", "tf32", "bf16".
inline std::string to_string(Precision p) {
  return p == Precision::tf32 ? "tf32" : p == Precision::bf16 ? "bf16" : "float32";
}

/// By the name that to_string() gives. Throws ValueError for one that is none of the three.
inline Precision parse_precision(const std::string& name) {
  for (const Precision p : {Precision::float32, Precision::tf32, Precision::bf16})
    if (to_string(p) == name) return p;
  detail::raise<ValueError>("precision \"" + name + "\": expected float32, tf32 or bf16");
}

inline namespace BRINDLE_CUDA_UNIT {

/// A GPU as a device: a context with a stream, the handles of cuDNN and cuBLASLt and the plans that were made for
/// shapes. Copies share them; they end with the last copy. All work of a context runs in order, in its stream.
///
/// A thread works with one GPU at a time: that of the last context that it made, or for which it called use().
class Cuda {
 public:
  struct Options {
    int gpu = 0;                               ///< CUDA's number of the device
    Precision precision = Precision::float32;  ///< of products and convolutions
    bool record_steps = true;  ///< a training step or a prediction is recorded once as a CUDA graph and replayed
    /// Bytes that are set aside for one convolution of cuDNN; 0: a 64th of the GPU's memory, from 128 to 512 MB.
    std::int64_t most_workspace = 0;
  };

  Cuda() : Cuda(Options{}) {}

  /// Throws CudaError where there is no such GPU, ValueError where it cannot multiply in options.precision.
  explicit Cuda(const Options& options) : state_(std::make_shared<State>(options)) {}

  static constexpr const char* name = "cuda";  ///< in messages and tables

  /// As Cpu::slice_bytes: no bound, the more work at a time the better.
  static constexpr std::int64_t slice_bytes = std::numeric_limits<std::int64_t>::max();

  /// As Cpu::made_of_filters().
  static constexpr int made_of_filters() { return 1; }

  /// Whether the machine has a GPU that this program can use.
  static bool available() {
    int count = 0;
    const bool found = cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
    static_cast<void>(cudaGetLastError());
    return found;
  }

  const Options& options() const { return state_->options; }         ///< those it was made with
  Precision precision() const { return state_->options.precision; }  ///< of products and convolutions
  std::string gpu_name() const { return state_->gpu_name; }          ///< "NVIDIA H100 80GB HBM3"
  int multiprocessors() const { return state_->multiprocessors; }    ///< of the GPU

  /// Makes this context's GPU that of the calling thread.
  void use() const { BRINDLE_CUDA_CHECK(cudaSetDevice(state_->options.gpu)); }

  /// Takes all work of the context.
  cudaStream_t stream() const { return steps_ && steps_->recording ? steps_->recording : state_->stream; }

  /// Waits until all work is done. Errors of work that was done in the background come up here.
  void wait() const { BRINDLE_CUDA_CHECK(cudaStreamSynchronize(stream())); }

  /// Holds other threads off the handles and the plans; taken by every op that uses them.
  std::unique_lock<std::recursive_mutex> lock() const { return std::unique_lock(state_->mutex); }

  /// Made when first asked for; use them under lock().
  cudnnHandle_t cudnn() const {
    if (!state_->cudnn) BRINDLE_CUDA_CHECK(cudnnCreate(&state_->cudnn));
    if (state_->cudnn_stream != stream()) {
      BRINDLE_CUDA_CHECK(cudnnSetStream(state_->cudnn, stream()));
      state_->cudnn_stream = stream();
    }
    return state_->cudnn;
  }
  /// Made when it is first asked for.
  cublasLtHandle_t cublas() const {
    if (!state_->cublas) BRINDLE_CUDA_CHECK(cublasLtCreate(&state_->cublas));
    return state_->cublas;
  }

  /// What an op keeps for this context, by its type; default-constructed at first. Use it under lock().
  template <class Cache>
  Cache& cache() const {
    std::shared_ptr<void>& kept = state_->caches[std::type_index(typeid(Cache))];
    if (!kept) kept = std::make_shared<Cache>();
    return *static_cast<Cache*>(kept.get());
  }

  /// The same context, for steps that are recorded: kernels read a step's numbers from the GPU's memory. Null: there
  /// are none.
  Cuda with_step(const detail::StepNumbers* on_gpu) const {
    Cuda recordable = *this;
    recordable.steps_ = std::make_shared<Steps>(Steps{on_gpu});
    return recordable;
  }
  /// Null outside of recorded steps.
  const detail::StepNumbers* step() const { return steps_ ? steps_->numbers : nullptr; }

  class Recording;

 private:
  // What the copies of a context of with_step() share.
  struct Steps {
    const detail::StepNumbers* numbers = nullptr;
    cudaStream_t recording = nullptr;
  };

  struct State {
    Options options;
    std::string gpu_name;
    int multiprocessors = 1;
    cudaStream_t stream = nullptr;
    cudnnHandle_t cudnn = nullptr;
    cudaStream_t cudnn_stream = nullptr;
    cublasLtHandle_t cublas = nullptr;
    std::recursive_mutex mutex;
    std::map<std::type_index, std::shared_ptr<void>> caches;

    explicit State(const Options& o) : options(o) {
      int count = 0;
      const cudaError_t found = cudaGetDeviceCount(&count);
      static_cast<void>(cudaGetLastError());
      if (found != cudaSuccess || count == 0)
        brindle::detail::raise<CudaError>(std::string("no CUDA device: ") +
                                          (found == cudaSuccess ? "none is there" : cudaGetErrorString(found)) +
                                          "; run on the processor, with Cpu in place of Cuda");
      if (o.gpu < 0 || o.gpu >= count)
        brindle::detail::raise<ValueError>("Cuda: expected a GPU from 0 to " + std::to_string(count - 1) + ", got " +
                                           std::to_string(o.gpu));
      BRINDLE_CUDA_CHECK(cudaSetDevice(o.gpu));
      cudaDeviceProp properties;
      BRINDLE_CUDA_CHECK(cudaGetDeviceProperties(&properties, o.gpu));
      gpu_name = properties.name;
      multiprocessors = properties.multiProcessorCount;
      if (options.most_workspace == 0)
        options.most_workspace = static_cast<std::int64_t>(
            std::clamp<std::size_t>(properties.totalGlobalMem / 64, std::size_t{128} << 20, std::size_t{512} << 20));
      if (o.precision != Precision::float32 && properties.major < 8)
        brindle::detail::raise<ValueError>(
            "Cuda: " + to_string(o.precision) + " needs a GPU of compute capability 8.0, " + gpu_name + " has " +
            std::to_string(properties.major) + "." + std::to_string(properties.minor) + "; use Precision::float32");
      // Memory that is given back stays in the device's pool until the program needs it again.
      cudaMemPool_t pool = nullptr;
      std::uint64_t keep = UINT64_MAX;
      BRINDLE_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, o.gpu));
      BRINDLE_CUDA_CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep));
      // Not "non-blocking": the stream then waits for copies and allocations, which use the default stream, and they
      // for it.
      BRINDLE_CUDA_CHECK(cudaStreamCreate(&stream));
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
      if (stream) static_cast<void>(cudaStreamSynchronize(stream));
      caches.clear();
      if (cudnn) static_cast<void>(cudnnDestroy(cudnn));
      if (cublas) static_cast<void>(cublasLtDestroy(cublas));
      if (stream) static_cast<void>(cudaStreamDestroy(stream));
    }
  };

  std::shared_ptr<State> state_;
  std::shared_ptr<Steps> steps_;
};

/// For as long as it lives, the work of a context of with_step() and of its copies goes into a stream of its own, where
/// it is recorded. What other threads do with the context goes on as ever.
class Cuda::Recording {
 public:
  /// on: of with_step(). The stream is "non-blocking": while one that waits for the default stream were recorded, no
  /// thread could use that one.
  explicit Recording(const Cuda& on) : on_(on) {
    if (!on.steps_ || on.steps_->recording)
      brindle::detail::raise<ValueError>("Cuda::Recording: expected a context of with_step() that records nothing yet");
    BRINDLE_CUDA_CHECK(cudaStreamCreateWithFlags(&on_.steps_->recording, cudaStreamNonBlocking));
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    const auto lock = on_.lock();
    const cudaStream_t recorded = std::exchange(on_.steps_->recording, nullptr);
    State& state = *on_.state_;
    if (state.cudnn && state.cudnn_stream == recorded)
      static_cast<void>(cudnnSetStream(state.cudnn, state.cudnn_stream = state.stream));
    static_cast<void>(cudaStreamDestroy(recorded));
  }

 private:
  Cuda on_;
};

}  // namespace BRINDLE_CUDA_UNIT

namespace detail {
inline namespace BRINDLE_CUDA_UNIT {

/// An array in memory of the processor that the GPU copies from and to in the background.
template <class T>
class PinnedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  PinnedArray() = default;
  /// Elements are not set. Throws CudaError if memory is short.
  explicit PinnedArray(std::int64_t size) : size_(size) {
    void* p = nullptr;
    BRINDLE_CUDA_CHECK(cudaMallocHost(&p, static_cast<std::size_t>(std::max<std::int64_t>(size, 1)) * sizeof(T)));
    data_ = static_cast<T*>(p);
  }
  /// Other is empty afterwards.
  PinnedArray(PinnedArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  /// The two change places.
  PinnedArray& operator=(PinnedArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~PinnedArray() {
    if (data_) static_cast<void>(cudaFreeHost(data_));
  }

  /// Null if it is empty.
  /// @{
  T* data() { return data_; }
  const T* data() const { return data_; }
  /// @}
  std::int64_t size() const { return size_; }  ///< elements

 private:
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

/// Starts a copy between a pinned array and the GPU, in the order of the work of `on`; returns at once.
inline void copy_in_background(const Cuda& on, void* to, const void* from, std::size_t bytes) {
  if (bytes) BRINDLE_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, on.stream()));
}

}  // namespace BRINDLE_CUDA_UNIT
}  // namespace detail

/// Of the calling thread's GPU, from its pool. What runs in the stream of a context waits for the work of these, and
/// they for it.
template <>
struct Memory<Cuda> {
  /// Throws CudaError with the bytes asked for and those that are free.
  static void* allocate(std::size_t bytes) {
    void* p = nullptr;
    const cudaError_t code = cudaMallocAsync(&p, std::max<std::size_t>(bytes, 1), cudaStreamLegacy);
    if (code == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      std::size_t free = 0, total = 0;
      static_cast<void>(cudaMemGetInfo(&free, &total));
      detail::raise<CudaError>("out of memory on the GPU: asked for " + std::to_string(bytes) + " bytes, " +
                               std::to_string(free) + " of " + std::to_string(total) +
                               " are free; use a smaller batch");
    }
    detail::check_cuda(code, "cudaMallocAsync", __FILE__, __LINE__);
    return p;
  }
  /// Of what allocate() gave; null does nothing.
  static void release(void* p) noexcept { static_cast<void>(cudaFreeAsync(p, cudaStreamLegacy)); }

  /// copy stays on the GPU and does not wait; with a context it is one of its works. The two of the host return when
  /// the bytes are there.
  /// @{
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes) BRINDLE_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, cudaStreamLegacy));
  }
  static void copy(const Cuda& on, void* to, const void* from, std::size_t bytes) {
    if (bytes) BRINDLE_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, on.stream()));
  }
  static void copy_from_host(void* to, const void* from, std::size_t bytes) {
    if (bytes) BRINDLE_CUDA_CHECK(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice));
  }
  static void copy_to_host(void* to, const void* from, std::size_t bytes) {
    if (bytes) BRINDLE_CUDA_CHECK(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost));
  }
  /// @}
  /// Zeros; with a context it is one of its works.
  /// @{
  static void clear(void* p, std::size_t bytes) {
    if (bytes) BRINDLE_CUDA_CHECK(cudaMemsetAsync(p, 0, bytes, cudaStreamLegacy));
  }
  static void clear(const Cuda& on, void* p, std::size_t bytes) {
    if (bytes) BRINDLE_CUDA_CHECK(cudaMemsetAsync(p, 0, bytes, on.stream()));
  }
  /// @}
};

}  // namespace brindle
