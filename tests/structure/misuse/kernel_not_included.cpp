// SPDX-License-Identifier: MIT
// expects: incomplete type|undefined template
#include "brindle/ops/activation/activation.hpp"
#ifdef BRINDLE_RIGHT
#include "brindle/ops/activation/cpu.hpp"
#endif

int main() {
  brindle::Tensor<float> x({4});
  brindle::ops::relu<float>(brindle::Cpu{1}, x, x);
}
