// SPDX-License-Identifier: MIT
#pragma once

// NaN and infinity are answers here: a loss that overflows, a figure that is missing, the smallest of nothing.
// -ffast-math lets the compiler assume that there are none, and the checks for them would vanish without a word.
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ && !defined(__CUDA_ARCH__)
#error \
    "brindle: -ffast-math and -Ofast take NaN and infinity away; add -fno-finite-math-only behind it, the rest may stay"
#endif
