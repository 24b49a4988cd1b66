#pragma once

#include <string>

#include "brindle/ops/cpu_simd_link.hpp"

// The kernels are as wide as the instruction set that the compiler may use, and slow without optimisation: a unit that
// is built so is told, in one line. Define BRINDLE_NO_BUILD_ADVICE to silence it.
#if !defined(BRINDLE_NO_BUILD_ADVICE) && defined(__GNUC__)
#if !defined(__OPTIMIZE__)
#pragma message("brindle: this unit is built without optimisation and will be slow; use -O3 -march=native")
#elif defined(__x86_64__) && !defined(__AVX2__)
#pragma message( \
    "brindle: this unit is built for any x86-64, without AVX2; use -march=native for several times the speed")
#endif
#endif

namespace brindle::ops {

/// The instruction set that the CPU kernels of this unit use: "AVX-512", "AVX2", "SSE", "NEON" or "none", with
/// ", not optimised" behind it in a build without optimisation.
inline std::string cpu_simd() {
#if defined(__AVX512F__)
  std::string name = "AVX-512";
#elif defined(__AVX2__) && defined(__FMA__)
  std::string name = "AVX2";
#elif defined(__SSE2__)
  std::string name = "SSE";
#elif defined(__ARM_NEON)
  std::string name = "NEON";
#else
  std::string name = "none";
#endif
#if defined(__GNUC__) && !defined(__OPTIMIZE__)
  name += ", not optimised";
#endif
  return name;
}

}  // namespace brindle::ops
