// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/cpu.hpp"

#ifndef BRINDLE_COMPILED
#include "brindle/ops/cpu_advice.hpp"
#include "brindle/ops/cpu_flags.hpp"
#include "brindle/ops/cpu_simd_link.hpp"
#endif

namespace brindle::ops {

/// The SIMD of the CPU kernels that run, those that cpu_isa() names: "AVX-512", "AVX2", "SSE", "NEON" or "none", with
/// ", not optimised" behind it where they were built without optimisation.
std::string cpu_simd();

/// The instruction set that the CPU kernels were built for: "x86-64-v4", "x86-64-v3", "x86-64-v2", or "x86-64" for any
/// such processor, by the levels of its psABI; "aarch64", or "generic" elsewhere.
///
/// Header-only it is the widest level that the compiler's flags for this unit hold whole. The library of the compiled
/// form (BRINDLE_COMPILED) may have kernels for several levels: then it is the widest one that the processor has, or
/// the one that BRINDLE_ISA names in the environment. Throws there, as every op does, ValueError for a BRINDLE_ISA that
/// is not built in or that the processor lacks, and Error on a processor that has none of the levels.
std::string cpu_isa();

/// cpu_isa(), with " and AMX" behind it where a context computes on the matrix unit too: with other last bits.
std::string cpu_isa(const Cpu& on);

#ifndef BRINDLE_COMPILED
inline std::string cpu_simd() { return BRINDLE_UNIT_SIMD; }
inline std::string cpu_isa() { return BRINDLE_UNIT_ISA; }
inline std::string cpu_isa(const Cpu& on) { return cpu_isa() + (BRINDLE_UNIT_AMX && on.amx() ? " and AMX" : ""); }
#endif

}  // namespace brindle::ops
