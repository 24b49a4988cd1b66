// SPDX-License-Identifier: MIT
// expects: conver
#include "brindle/core/tensor.hpp"

int main() {
  const brindle::Tensor<float> a({2, 3});
#ifdef BRINDLE_RIGHT
  brindle::TensorView<const float> v = a.view();
#else
  brindle::TensorView<float> v = a.view();
#endif
  return static_cast<int>(v.size()) - 6;
}
