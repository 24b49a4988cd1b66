// SPDX-License-Identifier: MIT
// expects: a loss is described by a struct with
#define BRINDLE_COMPILED
#include "brindle/brindle.hpp"

struct Mine {
#ifdef BRINDLE_RIGHT
  template <class T, class Device>
  std::unique_ptr<brindle::Loss<T, Device>> make() const {
    return brindle::BinaryCrossentropy{}.make<T, Device>();
  }
#endif
};

int main() {
  brindle::Sequential<float> model{{4}, brindle::Dense{1, brindle::sigmoid}};
  brindle::Trainer trainer{model, brindle::SGD{}, Mine{}};
  return static_cast<int>(trainer.steps());
}
