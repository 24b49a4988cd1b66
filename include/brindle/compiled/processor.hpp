// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

namespace brindle::ops::kernel {

#if defined(__x86_64__) && defined(__GNUC__)

/// The highest level of the x86-64 psABI that this processor, and the system for its registers, has: 1 to 4.
inline int x86_64_level() {
  const auto has = [](std::uint32_t word, std::uint32_t bits) { return (word & bits) == bits; };
  std::uint32_t a = 0, b = 0, basic_c = 0, basic_d = 0, extended_b = 0, c = 0, d = 0, amd_c = 0;
  if (!__get_cpuid(1, &a, &b, &basic_c, &basic_d)) return 1;
  if (!__get_cpuid(0x80000001, &a, &b, &amd_c, &d)) return 1;
  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF in 64-bit mode.
  if (!has(basic_c, bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT)) return 1;
  if (!has(amd_c, bit_LAHF_LM)) return 1;
  if (!has(basic_c, bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C) || !has(amd_c, bit_ABM)) return 2;
  // What the system saves when it changes threads: 0x6 are XMM and YMM, 0xE0 the masks and ZMM.
  std::uint32_t saved = 0, high = 0;
  asm volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  if (!has(saved, 0x6)) return 2;
  if (!__get_cpuid_count(7, 0, &a, &extended_b, &c, &d)) return 2;
  if (!has(extended_b, bit_AVX2 | bit_BMI | bit_BMI2)) return 2;
  if (!has(saved, 0xE6)) return 3;
  if (!has(extended_b, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL)) return 3;
  return 4;
}

/// Whether this processor has what cpu_isa() calls by this name.
inline bool processor_has(std::string_view isa) {
  constexpr std::string_view level = "x86-64-v";
  if (isa.substr(0, level.size()) != level || isa.size() != level.size() + 1) return true;
  return x86_64_level() >= isa.back() - '0';
}

#else

/// Kernels of other processors are built for one instruction set.
inline bool processor_has(std::string_view) { return true; }

#endif

}  // namespace brindle::ops::kernel
