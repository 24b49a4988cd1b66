// SPDX-License-Identifier: MIT
// The CPU kernels of the tests for double.
#define BRINDLE_COMPILED
#define BRINDLE_KERNELS_HERE
#include "brindle/ops/cpu_kernels.hpp"
#include "support/kernels.hpp"

namespace brindle::ops::kernel {

#define BRINDLE_ENTRY(op, function, ...) .op##_##function = &op<double, Cpu>::function,
constinit const DoubleKernelTable double_kernel_table = {BRINDLE_CPU_KERNELS(BRINDLE_ENTRY)};
#undef BRINDLE_ENTRY

}  // namespace brindle::ops::kernel
