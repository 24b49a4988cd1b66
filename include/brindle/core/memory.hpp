#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>

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
    return p;
  }
  static void release(void* p) noexcept { ::operator delete (p, std::align_val_t{memory_alignment}); }
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes) std::memcpy(to, from, bytes);
  }
  /// In the order of the work that `on` is given.
  static void copy(const Cpu&, void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void copy_from_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void copy_to_host(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void clear(void* p, std::size_t bytes) {
    if (bytes) std::memset(p, 0, bytes);
  }
};

}  // namespace brindle
