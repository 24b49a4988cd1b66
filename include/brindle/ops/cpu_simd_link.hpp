// SPDX-License-Identifier: MIT
#pragma once

// Units whose kernels were built for different instruction sets must not be linked into one program. Functions of
// headers, ours and Eigen's, exist once in a program: the linker keeps one unit's copy for all, and what one half of an
// algorithm has packed for 16 numbers the other half would read as 4. So each unit leaves a mark that names its
// instruction set, in a section that the linker keeps once, and asks for it: of two units with different marks one
// finds its own gone, and linking ends with
//
//     undefined reference to `brindle_all_units_need_the_same_SIMD_flags_and_this_one_has_AVX2_FMA'
#if defined(__ELF__) && defined(__GNUC__) && !defined(__CUDACC__)

#if defined(__AVX512F__)
#define BRINDLE_SIMD_MARK_WIDTH "AVX512"
#elif defined(__AVX2__)
#define BRINDLE_SIMD_MARK_WIDTH "AVX2"
#elif defined(__AVX__)
#define BRINDLE_SIMD_MARK_WIDTH "AVX"
#elif defined(__SSE4_1__)
#define BRINDLE_SIMD_MARK_WIDTH "SSE4"
#elif defined(__SSE2__)
#define BRINDLE_SIMD_MARK_WIDTH "SSE2"
#elif defined(__ARM_FEATURE_SVE)
#define BRINDLE_SIMD_MARK_WIDTH "SVE"
#elif defined(__ARM_NEON)
#define BRINDLE_SIMD_MARK_WIDTH "NEON"
#else
#define BRINDLE_SIMD_MARK_WIDTH "none"
#endif
#if defined(__FMA__)
#define BRINDLE_SIMD_MARK_NAME BRINDLE_SIMD_MARK_WIDTH "_FMA"
#else
#define BRINDLE_SIMD_MARK_NAME BRINDLE_SIMD_MARK_WIDTH
#endif

// As wide as an address: object files of 32 bits cannot say more.
#if __SIZEOF_POINTER__ == 4
#define BRINDLE_SIMD_DISTANCE ".long"
#else
#define BRINDLE_SIMD_DISTANCE ".quad"
#endif

#define BRINDLE_SIMD_MARK "brindle_all_units_need_the_same_SIMD_flags_and_this_one_has_" BRINDLE_SIMD_MARK_NAME

// .ifndef: with link-time optimisation several units may come to the assembler as one.
asm(".ifndef " BRINDLE_SIMD_MARK
    "\n"
    ".pushsection .rodata.brindle_simd,\"aG\",%progbits,brindle_simd_flags,comdat\n"
    ".globl " BRINDLE_SIMD_MARK
    "\n"
    ".hidden " BRINDLE_SIMD_MARK "\n" BRINDLE_SIMD_MARK
    ":\n"
    ".byte 1\n"
    ".popsection\n"
    ".pushsection .rodata.brindle_simd_asked,\"a\",%progbits\n"
    ".balign 8\n" BRINDLE_SIMD_DISTANCE " " BRINDLE_SIMD_MARK
    " - .\n"
    ".popsection\n"
    ".endif\n");

#undef BRINDLE_SIMD_MARK
#undef BRINDLE_SIMD_DISTANCE
#undef BRINDLE_SIMD_MARK_NAME
#undef BRINDLE_SIMD_MARK_WIDTH
#endif
