// SPDX-License-Identifier: MIT
#include <brindle/brindle.hpp>

double predict_in_another_unit(const brindle::Sequential<float>& model, const brindle::Tensor<float>& x) {
  return static_cast<double>(model.predict(x)[0]);
}
