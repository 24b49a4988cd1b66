// SPDX-License-Identifier: MIT
// expects: an optimizer is described by a struct with
#define BRINDLE_COMPILED
#include "brindle/brindle.hpp"

struct Mine {
#ifdef BRINDLE_RIGHT
  template <class T, class Device>
  std::unique_ptr<brindle::Optimizer<T, Device>> make() const {
    return brindle::SGD{}.make<T, Device>();
  }
#endif
};

int main() {
  brindle::Sequential<float> model{{4}, brindle::Dense{1, brindle::sigmoid}};
  brindle::Trainer trainer{model, Mine{}, brindle::BinaryCrossentropy{}};
  return static_cast<int>(trainer.steps());
}
