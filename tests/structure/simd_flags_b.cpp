// SPDX-License-Identifier: MIT
#include <brindle/nn/nn.hpp>
#include <brindle/ops/cpu.hpp>

float predict_in_another_unit(const brindle::Sequential<float>& model, const brindle::Tensor<float>& x) {
  return model.predict(x)[0];
}
