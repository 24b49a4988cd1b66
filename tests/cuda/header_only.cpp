// SPDX-License-Identifier: MIT
// A step of training on the GPU in a program that links no library of brindle's.
#include <cmath>
#include <cstdio>

#include "brindle/brindle.hpp"
#include "brindle/cuda.hpp"

using namespace brindle;

int main() {
  if (!Cuda::available()) {
    std::puts("no CUDA device");
    return 0;
  }
  Sequential<float, Cuda> model{Cuda{}, {8, 8, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
  Trainer trainer{model, RMSprop{}, BinaryCrossentropy{}};
  const Tensor<float> x({2, 8, 8, 3}), labels({2, 1});
  const StepResult step = trainer.train_on_batch(x.view(), labels.view());
  std::printf("loss %.4f, expected %.4f\n", step.loss, std::log(2.0));
  return std::abs(step.loss - std::log(2.0)) < 1e-4 ? 0 : 1;
}
