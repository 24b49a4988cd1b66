// SPDX-License-Identifier: MIT
#pragma once

// What the compiler's flags allow this unit to use. Macros, as two units of a program may differ.

/// The widest SIMD that the kernels of this unit use: "AVX-512", "AVX2", "SSE", "NEON" or "none", with
/// ", not optimised" behind it in a build without optimisation.
#if defined(__AVX512F__)
#define BRINDLE_UNIT_SIMD_WIDTH "AVX-512"
#elif defined(__AVX2__) && (defined(__FMA__) || defined(_MSC_VER))  // Visual C++ has no word for FMA of its own
#define BRINDLE_UNIT_SIMD_WIDTH "AVX2"
#elif defined(__SSE2__) || defined(_M_X64)
#define BRINDLE_UNIT_SIMD_WIDTH "SSE"
#elif defined(__ARM_NEON)
#define BRINDLE_UNIT_SIMD_WIDTH "NEON"
#else
#define BRINDLE_UNIT_SIMD_WIDTH "none"
#endif
#if defined(__GNUC__) && !defined(__OPTIMIZE__)
#define BRINDLE_UNIT_SIMD BRINDLE_UNIT_SIMD_WIDTH ", not optimised"
#else
#define BRINDLE_UNIT_SIMD BRINDLE_UNIT_SIMD_WIDTH
#endif

/// Whether this unit has kernels for the matrix unit of Intel's processors (AMX), which detail::has_amx() finds at run
/// time: their functions allow its instructions themselves, beside AVX-512.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && defined(__AVX512F__) && defined(__AVX512BW__) && \
    defined(__AVX512DQ__) && defined(__AVX512VL__) && !defined(EIGEN_DONT_VECTORIZE) && !defined(__CUDACC__)
#define BRINDLE_UNIT_AMX 1
#else
#define BRINDLE_UNIT_AMX 0
#endif

/// The widest level of the x86-64 psABI that this unit may use whole: "x86-64-v4", "x86-64-v3", "x86-64-v2" or
/// "x86-64"; "aarch64", or "generic" elsewhere.
#if defined(__aarch64__)
#define BRINDLE_UNIT_ISA "aarch64"
#elif !defined(__x86_64__)
#define BRINDLE_UNIT_ISA "generic"
#elif !defined(__SSE4_2__) || !defined(__SSSE3__) || !defined(__POPCNT__)
#define BRINDLE_UNIT_ISA "x86-64"
#elif !defined(__AVX2__) || !defined(__FMA__) || !defined(__BMI__) || !defined(__BMI2__) || !defined(__F16C__) || \
    !defined(__LZCNT__) || !defined(__MOVBE__)
#define BRINDLE_UNIT_ISA "x86-64-v2"
#elif !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512CD__) || !defined(__AVX512DQ__) || \
    !defined(__AVX512VL__)
#define BRINDLE_UNIT_ISA "x86-64-v3"
#else
#define BRINDLE_UNIT_ISA "x86-64-v4"
#endif
