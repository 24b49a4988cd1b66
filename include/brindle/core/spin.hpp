// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace brindle::detail {

/// Tells the processor that a loop waits, so that the other thread of its core goes faster.
inline void relax_processor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  asm volatile("yield");
#endif
}

/// Waits without sleeping until done(), at most for so long: whether it is done.
template <class Done>
bool spin_until(std::chrono::microseconds most, const Done& done) {
  constexpr int between_looks = 32;  // at the clock
  if (done()) return true;
  if (most.count() == 0) return false;
  const auto end = std::chrono::steady_clock::now() + most;
  for (;;) {
    for (int i = 0; i < between_looks; ++i) {
      if (done()) return true;
      relax_processor();
    }
    if (std::chrono::steady_clock::now() >= end) return done();
  }
}

}  // namespace brindle::detail
