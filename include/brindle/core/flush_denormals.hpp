// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// Emscripten takes SSE for its own SIMD, which has no such mode.
#if (defined(__SSE__) || defined(_M_X64)) && !defined(__EMSCRIPTEN__)
#include <xmmintrin.h>
#define BRINDLE_HAS_MXCSR
#endif

namespace brindle::detail {

/// While one lives, the calling thread takes numbers too small for a normal float (below 1.2e-38) for zero, and gives
/// zero instead of them; then its mode is what it was.
///
///     const FlushDenormals flush;
///
/// Processors need many times longer for such numbers, which dead units and decaying averages are full of. Sets FTZ and
/// DAZ of MXCSR on x86, FZ of FPCR on 64-bit ARM; elsewhere nothing.
class FlushDenormals {
 public:
  FlushDenormals() : before_(mode()) {
    if ((before_ & flushing) != flushing) set_mode(before_ | flushing);
  }
  ~FlushDenormals() {
    if ((before_ & flushing) != flushing) set_mode(before_);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

  /// Whether the calling thread flushes now.
  static bool active() { return flushing != 0 && (mode() & flushing) == flushing; }

 private:
#if defined(BRINDLE_HAS_MXCSR)
  using Mode = unsigned;
  static constexpr Mode flushing = 0x8040;
  static Mode mode() { return _mm_getcsr(); }
  static void set_mode(Mode m) { _mm_setcsr(m); }
#elif defined(__aarch64__) && defined(__GNUC__)
  using Mode = std::uint64_t;
  static constexpr Mode flushing = Mode{1} << 24;
  static Mode mode() {
    Mode m;
    asm volatile("mrs %0, fpcr" : "=r"(m));
    return m;
  }
  static void set_mode(Mode m) { asm volatile("msr fpcr, %0" : : "r"(m)); }
#else
  using Mode = unsigned;
  static constexpr Mode flushing = 0;
  static Mode mode() { return 0; }
  static void set_mode(Mode) {}
#endif

  Mode before_;
};

}  // namespace brindle::detail

#undef BRINDLE_HAS_MXCSR
