// SPDX-License-Identifier: MIT
#include <brindle/nn/nn.hpp>
#include <brindle/ops/cpu.hpp>

using namespace brindle;

float predict_in_another_unit(const Sequential<float>& model, const Tensor<float>& x);
Tensor<float> halves(const Shape& shape);

int main() {
  const Sequential<float> model{Cpu{1}, {8, 8, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
  const Tensor<float> x = halves({2, 8, 8, 3});
  const float here = model.predict(x)[0], there = predict_in_another_unit(model, x);
  return here == there ? 0 : 1;
}
