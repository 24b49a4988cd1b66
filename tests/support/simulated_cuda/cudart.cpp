// SPDX-License-Identifier: MIT
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "simulated_cuda.hpp"

struct CUstream_st {
  bool waits_for_default = true;
  bool recording = false;
  std::vector<std::function<void()>> recorded;
};
struct CUgraph_st {
  std::vector<std::function<void()>> work;
};
struct CUgraphExec_st {
  std::vector<std::function<void()>> work;
};
struct CUevent_st {};
struct CUmemPoolHandle_st {};

namespace {

constexpr std::size_t region_bytes = std::size_t{4} << 30;
// To open and to close the memory costs time for each page that was touched: so pages are large, where they can be, and
// not all of a large block is filled.
constexpr std::size_t page = std::size_t{2} << 20;
constexpr std::size_t most_filled = 1 << 20;  // of a new block

/// Address space of the GPU, closed while nothing runs on it.
struct Gpu {
  std::byte* base = nullptr;
  std::map<std::size_t, std::size_t> blocks;  // offset -> bytes
  std::size_t limit = region_bytes;
  std::recursive_mutex mutex;  // several threads may work with it, one at a time
  int devices = 1;
  int open = 0;
  int recording = 0;  // streams that wait for the default one
  CUmemPoolHandle_st pool;
  simulated_cuda::Counts counts;
  simulated_cuda::Refusals refusals;

  Gpu() {
    void* p = mmap(nullptr, region_bytes + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) std::abort();
    base = static_cast<std::byte*>(p) + (page - reinterpret_cast<std::uintptr_t>(p) % page) % page;
    madvise(base, region_bytes, MADV_HUGEPAGE);
  }
};

Gpu& gpu() {
  static Gpu the_gpu;
  return the_gpu;
}

thread_local int recording_here = 0;
thread_local int device_here = 0;
thread_local cudaError_t last_here = cudaSuccess;

std::unique_lock<std::recursive_mutex> locked() { return std::unique_lock(gpu().mutex); }

bool default_stream_is_closed() { return gpu().recording > 0 || recording_here > 0; }

/// Opens the memory for as long as it lives.
struct Opened {
  Opened() {
    if (gpu().open++ == 0) mprotect(gpu().base, region_bytes, PROT_READ | PROT_WRITE);
  }
  ~Opened() {
    if (--gpu().open == 0) mprotect(gpu().base, region_bytes, PROT_NONE);
  }
};

cudaError_t fail(cudaError_t code) { return last_here = code; }

bool in_region(const void* p) {
  const auto* at = static_cast<const std::byte*>(p);
  return at >= gpu().base && at < gpu().base + region_bytes;
}

// A pointer to the GPU must lie in an allocation; any other is taken for one of the processor.
bool valid(const void* p, std::size_t bytes, bool must_be_gpu) {
  if (in_region(p)) return simulated_cuda::on_gpu(p, bytes);
  return !must_be_gpu && p != nullptr;
}

cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const bool to_gpu = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_gpu = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  const auto lock = locked();
  if (!valid(to, bytes, to_gpu) || !valid(from, bytes, from_gpu)) return fail(cudaErrorInvalidValue);
  if (stream == cudaStreamLegacy && default_stream_is_closed()) return fail(cudaErrorStreamCaptureImplicit);
  simulated_cuda::enqueue(stream, [=] { std::memcpy(to, from, bytes); });
  return cudaSuccess;
}

}  // namespace

namespace simulated_cuda {

void enqueue(cudaStream_t stream, std::function<void()> work) {
  if (stream != cudaStreamLegacy && stream != nullptr && stream->recording) {
    stream->recorded.push_back(std::move(work));
    return;
  }
  const auto lock = locked();
  const Opened opened;
  work();
}

bool on_gpu(const void* p, std::size_t bytes) {
  if (!in_region(p)) return false;
  const auto lock = locked();
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(p) - gpu().base);
  auto block = gpu().blocks.upper_bound(offset);
  if (block == gpu().blocks.begin()) return false;
  --block;
  return offset + bytes <= block->first + block->second;
}

Counts& counts() { return gpu().counts; }
Refusals& refusals() { return gpu().refusals; }
void set_gpus(int count) { gpu().devices = count; }
int gpu_here() { return device_here; }
void set_memory(std::size_t bytes) { gpu().limit = bytes == 0 ? region_bytes : bytes; }

}  // namespace simulated_cuda

extern "C" {

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = gpu().devices;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= gpu().devices) return fail(cudaErrorInvalidDevice);
  device_here = device;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  std::memset(properties, 0, sizeof *properties);
  properties->uuid.bytes[0] = static_cast<char>(device);
  std::strcpy(properties->name, "simulated GPU");
  properties->multiProcessorCount = 2;
  properties->major = 9;
  return cudaSuccess;
}
cudaError_t cudaGetLastError() { return std::exchange(last_here, cudaSuccess); }
const char* cudaGetErrorString(cudaError_t code) {
  return code == cudaErrorMemoryAllocation ? "out of memory" : "an error";
}
const char* cudaGetErrorName(cudaError_t code) {
  return code == cudaErrorMemoryAllocation           ? "cudaErrorMemoryAllocation"
         : code == cudaErrorStreamCaptureImplicit    ? "cudaErrorStreamCaptureImplicit"
         : code == cudaErrorStreamCaptureUnsupported ? "cudaErrorStreamCaptureUnsupported"
                                                     : "cudaErrorInvalidValue";
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  *stream = new CUstream_st;
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  *stream = new CUstream_st;
  (*stream)->waits_for_default = flags != cudaStreamNonBlocking;
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const auto lock = locked();
  ++gpu().counts.waits;
  return stream->recording ? fail(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = &gpu().pool;
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }

cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t) {
  const auto lock = locked();
  Gpu& g = gpu();
  if (default_stream_is_closed()) return fail(cudaErrorStreamCaptureImplicit);
  ++g.counts.allocations;
  if (static_cast<std::size_t>(g.counts.live_bytes) + bytes > g.limit) return fail(cudaErrorMemoryAllocation);
  // The first gap, with 256 closed bytes behind each block.
  std::size_t offset = 0;
  for (const auto& [begin, size] : g.blocks) {
    if (offset + bytes + 256 <= begin) break;
    offset = (begin + size + 256 + 255) / 256 * 256;
  }
  if (offset + bytes > region_bytes) return fail(cudaErrorMemoryAllocation);
  g.blocks[offset] = bytes;
  g.counts.live_bytes += static_cast<std::int64_t>(bytes);
  *p = g.base + offset;
  const Opened opened;
  std::memset(*p, 0xFF, std::min(bytes, most_filled));
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* p, cudaStream_t) {
  const auto lock = locked();
  if (default_stream_is_closed()) return fail(cudaErrorStreamCaptureImplicit);
  const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(p) - gpu().base);
  const auto block = gpu().blocks.find(offset);
  if (block == gpu().blocks.end()) return fail(cudaErrorInvalidValue);
  gpu().counts.live_bytes -= static_cast<std::int64_t>(block->second);
  const std::size_t begin = (offset + page - 1) / page * page, end = (offset + block->second) / page * page;
  if (begin < end) madvise(gpu().base + begin, end - begin, MADV_DONTNEED);
  gpu().blocks.erase(block);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = gpu().limit;
  *free = gpu().limit - static_cast<std::size_t>(gpu().counts.live_bytes);
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** p, std::size_t bytes) {
  *p = std::malloc(bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* p) {
  std::free(p);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(to, from, bytes, kind, stream);
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const auto lock = locked();
  ++gpu().counts.waits;
  return copy(to, from, bytes, kind, cudaStreamLegacy);
}
cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  const auto lock = locked();
  if (!valid(p, bytes, true)) return fail(cudaErrorInvalidValue);
  if (stream == cudaStreamLegacy && default_stream_is_closed()) return fail(cudaErrorStreamCaptureImplicit);
  simulated_cuda::enqueue(stream, [=] { std::memset(p, value, bytes); });
  return cudaSuccess;
}
cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* parameters, cudaStream_t stream) {
  const cudaMemcpy3DParms p = *parameters;
  const auto bytes = [&](const cudaPitchedPtr& at, const cudaPos& pos) {
    return ((pos.z + p.extent.depth - 1) * at.ysize + pos.y + p.extent.height - 1) * at.pitch + pos.x + p.extent.width;
  };
  if (!valid(p.srcPtr.ptr, bytes(p.srcPtr, p.srcPos), true) || !valid(p.dstPtr.ptr, bytes(p.dstPtr, p.dstPos), true))
    return fail(cudaErrorInvalidValue);
  simulated_cuda::enqueue(stream, [p] {
    const auto row = [](const cudaPitchedPtr& at, const cudaPos& pos, std::size_t y, std::size_t z) {
      return static_cast<std::byte*>(at.ptr) + ((pos.z + z) * at.ysize + pos.y + y) * at.pitch + pos.x;
    };
    for (std::size_t z = 0; z < p.extent.depth; ++z)
      for (std::size_t y = 0; y < p.extent.height; ++y)
        std::memcpy(row(p.dstPtr, p.dstPos, y, z), row(p.srcPtr, p.srcPos, y, z), p.extent.width);
  });
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const auto lock = locked();
  stream->recording = true;
  stream->recorded.clear();
  gpu().recording += stream->waits_for_default;
  ++recording_here;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const auto lock = locked();
  if (!stream->recording) return fail(cudaErrorIllegalState);
  stream->recording = false;
  gpu().recording -= stream->waits_for_default;
  --recording_here;
  *graph = new CUgraph_st{std::move(stream->recorded)};
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t) {
  const auto lock = locked();
  ++gpu().counts.graph_launches;
  const Opened opened;
  for (const auto& work : executable->work) work();
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t stream) {
  return stream->recording ? fail(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }

}  // extern "C"
