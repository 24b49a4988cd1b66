// SPDX-License-Identifier: MIT
// expects: error: static assertion failed.*models of float on the Cpu: for others include <brindle/definitions.hpp>
#define BRINDLE_COMPILED
#include <brindle/brindle.hpp>

using namespace brindle;

int main() {
  Sequential<double> model{{4}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  return trainer.steps() == 0 ? 0 : 1;
}

#ifdef BRINDLE_RIGHT
#include <brindle/definitions.hpp>
#endif
