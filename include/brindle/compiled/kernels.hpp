// SPDX-License-Identifier: MIT
#pragma once

// A unit of the library with the CPU kernels, for the instruction set of the compiler's flags. It defines one table:
//
//     brindle_kernels_<level>     BRINDLE_KERNEL_LEVEL, as x86_64_v3, or `own`: whatever the flags are
//
// Units of several levels in one library must be closed (cmake/compiled.cmake): all that they define but their table is
// made local, as the linker would else take one level's copy of a function for all. Their types are the same; what they
// throw is caught outside, since type_info compares names.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif
#ifdef BRINDLE_CPU_LIBRARY
#error "brindle: include this before all other headers of brindle: they have made calls into the library of its kernels"
#endif
#define BRINDLE_KERNELS_HERE  // for ops/cpu.hpp

#include <string_view>

#include "brindle/ops/cpu_flags.hpp"
#include "brindle/ops/cpu_kernels.hpp"
#include "brindle/ops/kernel_table.hpp"

#ifndef BRINDLE_KERNEL_LEVEL
#define BRINDLE_KERNEL_LEVEL own
#endif
#define BRINDLE_TABLE_NAME_(level) brindle_kernels_##level
#define BRINDLE_TABLE_NAME(level) BRINDLE_TABLE_NAME_(level)
#define BRINDLE_LEVEL_TEXT_(level) #level
#define BRINDLE_LEVEL_TEXT(level) BRINDLE_LEVEL_TEXT_(level)

namespace brindle::ops::kernel {

/// Whether a unit with these flags is one of `level`: it uses all of the level's instructions and no others.
constexpr bool is_of_level(std::string_view level, std::string_view isa, std::string_view simd) {
  if (level == "own") return true;
  if (level == "x86_64_v2") return isa == "x86-64-v2" && simd.substr(0, 3) == "SSE";
  if (level == "x86_64_v3") return isa == "x86-64-v3" && simd.substr(0, 4) == "AVX2";
  return level == "x86_64_v4" && isa == "x86-64-v4";
}
static_assert(
    is_of_level(BRINDLE_LEVEL_TEXT(BRINDLE_KERNEL_LEVEL), BRINDLE_UNIT_ISA, BRINDLE_UNIT_SIMD),
    "brindle: the compiler's flags are not those of BRINDLE_KERNEL_LEVEL: x86_64_v3 needs -march=x86-64-v3 and "
    "no other option for instructions");

}  // namespace brindle::ops::kernel

extern "C" {
extern const brindle::ops::kernel::KernelTable BRINDLE_TABLE_NAME(BRINDLE_KERNEL_LEVEL);

#define BRINDLE_ENTRY(op, function, ...) .op##_##function = &brindle::ops::kernel::op<float, brindle::Cpu>::function,
constinit const brindle::ops::kernel::KernelTable BRINDLE_TABLE_NAME(BRINDLE_KERNEL_LEVEL) = {
    .isa = BRINDLE_UNIT_ISA,
    .simd = BRINDLE_UNIT_SIMD,
    .amx = BRINDLE_UNIT_AMX != 0,
    BRINDLE_CPU_KERNELS(BRINDLE_ENTRY)};
#undef BRINDLE_ENTRY
}
