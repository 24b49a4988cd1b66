// SPDX-License-Identifier: MIT
#pragma once

// All ops on the Cpu: header-only with their kernels, in the compiled form (BRINDLE_COMPILED) as calls into the
// library.

#include "brindle/ops/activation.hpp"
#include "brindle/ops/cpu_simd.hpp"
#if defined(BRINDLE_COMPILED) && !defined(BRINDLE_KERNELS_HERE)
#include "brindle/ops/conv2d/kernel_choice.hpp"
#include "brindle/ops/cpu_library.hpp"
#else
#include "brindle/ops/cpu_kernels.hpp"
#endif
