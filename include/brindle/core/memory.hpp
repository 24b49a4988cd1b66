#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"

namespace brindle {

inline constexpr std::size_t memory_alignment = 64;  ///< bytes: a cache line, and the widest SIMD register

/// How a device gives, copies and clears memory. Specialised per device.
template <class Device>
struct Memory;

template <>
struct Memory<Cpu> {
  /// Throws Error with the size asked for when there is not enough.
  static void* allocate(std::size_t bytes) {
    void* p = ::operator new (bytes, std::align_val_t{memory_alignment}, std::nothrow);
    if (!p) detail::raise<Error>("out of memory: asked for " + std::to_string(bytes) + " bytes");
    ask_for_huge_pages(p, bytes);
    return p;
  }
  /// Of what allocate() gave; null does nothing.
  static void release(void* p) noexcept { ::operator delete (p, std::align_val_t{memory_alignment}); }
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
  /// Zeros.
  static void clear(void* p, std::size_t bytes) {
    if (bytes) std::memset(p, 0, bytes);
  }

 private:
  // Kernels walk through weights and activations in large strides, and would miss the TLB with pages of 4 KB. Linux gives
  // large pages where it is asked to; a refusal changes nothing but speed.
  static void ask_for_huge_pages([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr std::size_t huge = std::size_t{2} << 20;
    const auto begin = reinterpret_cast<std::uintptr_t>(p);
    const std::uintptr_t first = (begin + huge - 1) / huge * huge, last = (begin + bytes) / huge * huge;
    if (last > first) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
  }
};

}  // namespace brindle
