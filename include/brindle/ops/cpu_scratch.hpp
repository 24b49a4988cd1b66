// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::ops::kernel {

/// Takes aligned arrays from a workspace, one behind the other. Without a workspace it only counts, so that the same
/// lines say how many bytes are needed and hand them out.
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(Workspace<Cpu> workspace) : base_(workspace.data) {
    const std::uintptr_t misaligned = reinterpret_cast<std::uintptr_t>(base_) % detail::memory_alignment;
    if (misaligned != 0) base_ += detail::memory_alignment - misaligned;
  }

  template <class T>
  T* take(std::int64_t count) {
    T* array = base_ ? reinterpret_cast<T*>(base_ + used_) : nullptr;
    used_ += round_up(count, static_cast<std::int64_t>(sizeof(T))) * static_cast<std::int64_t>(sizeof(T));
    return array;
  }

  /// Bytes for a workspace of any alignment.
  std::int64_t bytes() const { return used_ == 0 ? 0 : used_ + static_cast<std::int64_t>(detail::memory_alignment); }

  /// count, rounded up so that an array of this many elements ends on a cache line.
  static std::int64_t round_up(std::int64_t count, std::int64_t element_bytes) {
    const std::int64_t line = static_cast<std::int64_t>(detail::memory_alignment) / element_bytes;
    return (count + line - 1) / line * line;
  }

 private:
  std::byte* base_ = nullptr;
  std::int64_t used_ = 0;
};

/// An array for each worker of a parallel call.
template <class T>
struct PerWorker {
  T* first = nullptr;
  std::int64_t stride = 0;

  static PerWorker take(Scratch& scratch, int workers, std::int64_t count) {
    const std::int64_t stride = Scratch::round_up(count, static_cast<std::int64_t>(sizeof(T)));
    return {scratch.take<T>(stride * workers), stride};
  }
  T* of(int worker) const { return first + worker * stride; }
};

}  // namespace brindle::ops::kernel
