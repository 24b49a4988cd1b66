// SPDX-License-Identifier: MIT
// expects: LayerDescription|no matching
#define BRINDLE_COMPILED
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"

int main() {
#ifdef BRINDLE_RIGHT
  brindle::Sequential<float> model{{4}, brindle::Dense{2}};
#else
  brindle::Sequential<float> model{{4}, 2};
#endif
  return static_cast<int>(model.layers().size()) - 1;
}
