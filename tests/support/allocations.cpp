// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

extern "C" void* __real_aligned_alloc(std::size_t, std::size_t);

namespace {

std::atomic<std::int64_t> count{0};
thread_local std::int64_t aligned_left = -1;

void* aligned(std::size_t bytes, std::size_t alignment) {
  ++count;
  return __real_aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

}  // namespace

std::int64_t brindle::test::allocations() { return count; }
void brindle::test::fail_aligned_allocation(std::int64_t left) { aligned_left = left; }

// The linker sends calls of malloc, and of aligned_alloc, which gives tensors their memory, in our own objects here
// (--wrap=malloc, --wrap=aligned_alloc).
extern "C" void* __real_malloc(std::size_t);
extern "C" void* __wrap_malloc(std::size_t bytes);
extern "C" void* __wrap_malloc(std::size_t bytes) {
  ++count;
  return __real_malloc(bytes);
}
extern "C" void* __wrap_aligned_alloc(std::size_t, std::size_t);
extern "C" void* __wrap_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  ++count;
  if (aligned_left >= 0 && aligned_left-- == 0) return nullptr;
  return __real_aligned_alloc(alignment, bytes);
}

void* operator new(std::size_t bytes) {
  if (void* p = std::malloc(bytes ? bytes : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return std::malloc(bytes ? bytes : 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  if (void* p = aligned(bytes, static_cast<std::size_t>(alignment))) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return aligned(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
