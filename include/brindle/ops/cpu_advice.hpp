// SPDX-License-Identifier: MIT
#pragma once

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
