// SPDX-License-Identifier: MIT
#include <brindle/brindle.hpp>

using namespace brindle;

double predict_in_another_unit(const Sequential<float>& model, const Tensor<float>& x);

int main() {
  Sequential<float> model{{8, 8, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
  Tensor<float> x({2, 8, 8, 3});
  for (float& v : x.span()) v = 0.5f;
  return static_cast<double>(model.predict(x)[0]) == predict_in_another_unit(model, x) ? 0 : 1;
}
