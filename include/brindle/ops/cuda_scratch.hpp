// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::ops::kernel {

/// Takes arrays from a workspace, one behind the other, as aligned as the libraries want them. Without a workspace it
/// only counts, so that the same lines say how many bytes are needed and hand them out.
class CudaScratch {
 public:
  CudaScratch() = default;
  explicit CudaScratch(Workspace<Cuda> workspace) : base_(workspace.data) {
    const std::uintptr_t over = reinterpret_cast<std::uintptr_t>(base_) % alignment;
    if (over != 0) base_ += alignment - over;
  }

  /// count elements of T; null for none.
  template <class T>
  T* take(std::int64_t count) {
    if (count == 0) return nullptr;
    T* array = base_ ? reinterpret_cast<T*>(base_ + used_) : nullptr;
    const auto bytes = count * static_cast<std::int64_t>(sizeof(T));
    used_ += (bytes + alignment - 1) / alignment * alignment;
    return array;
  }

  /// Bytes for a workspace of any alignment.
  std::int64_t bytes() const { return used_ == 0 ? 0 : used_ + alignment; }

 private:
  static constexpr std::int64_t alignment = 256;  // bytes: cuBLAS's choice of algorithms expects it

  std::byte* base_ = nullptr;
  std::int64_t used_ = 0;
};

}  // namespace brindle::ops::kernel
