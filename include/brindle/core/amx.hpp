// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#define BRINDLE_CAN_ASK_FOR_AMX
#endif

namespace brindle::detail {

/// Whether this program may use the matrix unit of Intel's processors (AMX) for bfloat16: the processor has it, and
/// the system, which is asked once, lets all threads of the program have its registers. Linux alone is asked. Not where
/// the environment has a BRINDLE_ISA: that names the kernels to take, and AMX is part of none of its names.
inline bool has_amx() {
#if defined(BRINDLE_CAN_ASK_FOR_AMX)
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned saves_registers = 1U << 27;              // leaf 1, ecx: xgetbv may be used
    constexpr unsigned bf16 = 1U << 22, tiles = 1U << 24;       // leaf 7, edx
    constexpr unsigned state = 3U << 17;                        // of the tiles, in XCR0
    constexpr long ask_permission = 0x1023, of_tile_data = 18;  // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)
    if (std::getenv("BRINDLE_ISA")) return false;
    if (!__get_cpuid_count(1, 0, &a, &b, &c, &d) || !(c & saves_registers)) return false;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (bf16 | tiles)) != (bf16 | tiles)) return false;
    unsigned low = 0, high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & state) != state) return false;
    return syscall(SYS_arch_prctl, ask_permission, of_tile_data) == 0;
  }();
  return has;
#else
  return false;
#endif
}

}  // namespace brindle::detail

#undef BRINDLE_CAN_ASK_FOR_AMX
