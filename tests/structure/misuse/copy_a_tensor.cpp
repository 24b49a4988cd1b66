// SPDX-License-Identifier: MIT
// expects: deleted|implicitly-deleted
#include "brindle/core/tensor.hpp"

int main() {
  brindle::Tensor<float> a({2, 3});
#ifdef BRINDLE_RIGHT
  brindle::Tensor<float> b = a.clone();
#else
  brindle::Tensor<float> b = a;
#endif
  return static_cast<int>(b.size() - a.size());
}
