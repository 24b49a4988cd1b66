// SPDX-License-Identifier: MIT
#pragma once

/// For functions that run on the processor and, compiled by nvcc, on a GPU as well. They use no member of the standard
/// library but the mathematics of <cmath>.
#if defined(__CUDACC__)
#define BRINDLE_HOST_DEVICE __host__ __device__
#else
#define BRINDLE_HOST_DEVICE
#endif
