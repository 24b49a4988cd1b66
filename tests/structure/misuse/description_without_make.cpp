// SPDX-License-Identifier: MIT
// expects: a layer is described by a struct with
#define BRINDLE_COMPILED
#include <string>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"

struct Scale {
  double by = 1;
  std::string name = {};
#ifdef BRINDLE_RIGHT
  template <class T, class Device>
  std::unique_ptr<brindle::Layer<T, Device>> make() const {
    return brindle::Flatten{}.make<T, Device>();
  }
#endif
};

int main() {
  brindle::Sequential<float> model{{4}, Scale{.by = 2}, brindle::Dense{2}};
  return static_cast<int>(model.layers().size()) - 2;
}
