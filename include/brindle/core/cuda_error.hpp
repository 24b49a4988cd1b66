// SPDX-License-Identifier: MIT
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <string>

#include "brindle/core/error.hpp"

namespace brindle {

/// A call of CUDA, cuDNN or cuBLAS that failed; what() has the call, file and line, and the library's own words.
class CudaError : public Error {
 public:
  using Error::Error;
};

namespace detail {

[[noreturn, gnu::noinline, gnu::cold]] inline void raise_cuda(const char* call, const char* file, int line,
                                                              const std::string& words) {
  const std::string path = file;
  const std::size_t room = path.rfind("brindle/");
  throw CudaError((room == std::string::npos ? path : path.substr(room)) + ":" + std::to_string(line) + ": " + call +
                  " failed: " + words);
}

inline void check_cuda(cudaError_t code, const char* call, const char* file, int line) {
  if (code == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // an error that is reported here shall not come up again elsewhere
  raise_cuda(call, file, line, std::string(cudaGetErrorString(code)) + " (" + cudaGetErrorName(code) + ")");
}
inline void check_cuda(cudnnStatus_t code, const char* call, const char* file, int line) {
  if (code == CUDNN_STATUS_SUCCESS) return;
  char last[512] = {};
  cudnnGetLastErrorString(last, sizeof last);
  raise_cuda(call, file, line, std::string(cudnnGetErrorString(code)) + (last[0] ? std::string(": ") + last : ""));
}
inline void check_cuda(cublasStatus_t code, const char* call, const char* file, int line) {
  if (code == CUBLAS_STATUS_SUCCESS) return;
  raise_cuda(call, file, line, std::string(cublasLtGetStatusString(code)) + " (" + cublasLtGetStatusName(code) + ")");
}

}  // namespace detail
}  // namespace brindle

/// Throws CudaError unless the call of CUDA, cuDNN or cuBLASLt succeeds.
#define BRINDLE_CUDA_CHECK(call) ::brindle::detail::check_cuda((call), #call, __FILE__, __LINE__)
