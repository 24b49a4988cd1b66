// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef _WIN32
#include <malloc.h>
#endif

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"

namespace brindle {

namespace detail {

inline constexpr std::size_t memory_alignment = 64;  ///< bytes: a cache line, and the widest SIMD register

}  // namespace detail

/// How a device gives, copies and clears memory. Specialised per device.
template <class Device>
struct Memory;

template <>
struct Memory<Cpu> {
  /// Throws Error with the size asked for when there is not enough.
  static void* allocate(std::size_t bytes) {
    const bool large = bytes >= large_page / 2;
    const std::size_t alignment = large ? large_page : detail::memory_alignment;
    const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
    void* p = whole < bytes ? nullptr : aligned(alignment, std::max(whole, alignment));
    if (!p) detail::raise<Error>("out of memory: asked for " + std::to_string(bytes) + " bytes");
    if (large) ask_for_large_pages(p, whole);
    return p;
  }
  /// Of what allocate() gave; null does nothing.
  static void release(void* p) noexcept {
#ifdef _WIN32
    ::_aligned_free(p);
#else
    std::free(p);
#endif
  }
  /// The two must not overlap.
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes) std::memcpy(to, from, bytes);
  }
  /// In the order of the work that `on` is given.
  static void copy(const Cpu&, void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  /// The host is the processor itself.
  /// @{
  static void copy_from_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void copy_to_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  /// @}
  /// Zeros; with a context in the order of its work.
  /// @{
  static void clear(void* p, std::size_t bytes) {
    if (bytes) std::memset(p, 0, bytes);
  }
  static void clear(const Cpu&, void* p, std::size_t bytes) { clear(p, bytes); }
  /// @}

 private:
  // Null where there is not enough. Windows has a function of its own for it, and one that frees what that gave.
  static void* aligned(std::size_t alignment, std::size_t bytes) {
#ifdef _WIN32
    return ::_aligned_malloc(bytes, alignment);
#else
    return std::aligned_alloc(alignment, bytes);
#endif
  }

  // Kernels walk through weights and activations in large strides, and would miss the TLB with pages of 4 KB: a block
  // of half a large page or more gets whole ones. Linux gives them where it is asked to; a refusal changes nothing but
  // speed.
  static constexpr std::size_t large_page = std::size_t{2} << 20;

  static void ask_for_large_pages([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    ::madvise(p, bytes, MADV_HUGEPAGE);
#endif
  }
};

}  // namespace brindle
