// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::detail {

/// n neighbours in memory, which a GPU's thread reads and writes at once. Memory that holds one begins at a multiple of
/// its size, see is_aligned.
template <class T, int n>
struct alignas(sizeof(T) * n) CudaVector {
  T of[n];  ///< in their order in memory

  /// Those from `from` on.
  BRINDLE_HOST_DEVICE static CudaVector load(const T* from) { return *reinterpret_cast<const CudaVector*>(from); }
  /// Writes them from `to` on.
  BRINDLE_HOST_DEVICE void store(T* to) const { *reinterpret_cast<CudaVector*>(to) = *this; }

  /// Whether one may be read and written at p.
  BRINDLE_HOST_DEVICE static bool is_aligned(const T* p) {
    return reinterpret_cast<std::uintptr_t>(p) % sizeof(CudaVector) == 0;
  }
};

}  // namespace brindle::detail
