// SPDX-License-Identifier: MIT
// expects: a GPU computes in float
#define BRINDLE_COMPILED
#include "brindle/nn/nn.hpp"

struct Gpu {};  // any device but Cpu

#ifdef BRINDLE_RIGHT
using Model = brindle::Sequential<double>;
#else
using Model = brindle::Sequential<double, Gpu>;
#endif

int main() { return sizeof(Model) == 0; }
