// SPDX-License-Identifier: MIT
// The CPU kernels of the tests of ops, for float and for double.
#include <brindle/compiled/kernels.hpp>  // first: what follows calls these kernels
// After it, the table of these kernels as the only one, in place of the library's.
#include <brindle/compiled/ops.hpp>

#include "support/kernels.hpp"

namespace brindle::ops::kernel {

#define BRINDLE_ENTRY(op, function, ...) .op##_##function = &op<double, Cpu>::function,
constinit const DoubleKernelTable double_kernel_table = {BRINDLE_CPU_KERNELS(BRINDLE_ENTRY)};
#undef BRINDLE_ENTRY

}  // namespace brindle::ops::kernel
