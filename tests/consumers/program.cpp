// SPDX-License-Identifier: MIT
// What every way of including the library must be able to build: a network that learns and predicts.
#include <brindle/brindle.hpp>
#include <cmath>
#include <cstdio>

using namespace brindle;

int main() {
  Sequential<float> model{{12, 12, 3}, Conv2D{8, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
  Tensor<float> x({8, 12, 12, 3}), labels({8, 1});
  for (std::int64_t i = 0; i < 8; ++i) {
    labels[i] = static_cast<float>(i % 2);
    for (std::int64_t k = 0; k < 12 * 12 * 3; ++k)
      x[i * 12 * 12 * 3 + k] = (i % 2 == 1 ? 0.5f : -0.5f) + 0.01f * static_cast<float>((k * 7 + i) % 10);
  }
  Trainer trainer{model, RMSprop{.learning_rate = 1e-2}, BinaryCrossentropy{}};
  double first = 0, last = 0;
  for (int step = 0; step < 20; ++step) {
    last = trainer.train_on_batch(x.view(), labels.view()).loss;
    if (step == 0) first = last;
  }
  std::printf("brindle %d.%d.%d, loss %.3f, then %.3f\n", BRINDLE_VERSION_MAJOR, BRINDLE_VERSION_MINOR,
              BRINDLE_VERSION_PATCH, first, last);

  // A value that is not finite must be found, whatever the compiler was told of floating point.
  x[5] = HUGE_VALF;
  try {
    trainer.train_on_batch(x.view(), labels.view());
    std::printf("an infinite pixel went unnoticed\n");
    return 1;
  } catch (const NumericsError&) {
  }
  return last < first / 2 ? 0 : 1;
}
