// SPDX-License-Identifier: MIT
#pragma once

// Eigen, whose warnings are not the user's: a system header wherever it lies, and g++ 12 and 13, to which AVX-512's own
// intrinsics look uninitialised (gcc.gnu.org/PR105593), are silent about what is inlined out of it.
#if defined(__GNUC__)
#pragma GCC system_header
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#endif
#include <Eigen/Core>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
