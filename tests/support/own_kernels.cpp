// SPDX-License-Identifier: MIT
// The CPU kernels of the tests of ops for float, as the only ones, in place of the library's.
#include <brindle/compiled/kernels.hpp>  // first: what follows calls these kernels
// After it, what chooses among the tables.
#include <brindle/compiled/ops.hpp>
