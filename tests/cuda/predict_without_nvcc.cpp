// SPDX-License-Identifier: MIT
// Predicts on the GPU and on the processor in a file that no nvcc has seen, and shows what training says there.
#include <brindle/io/definitions.hpp>
#include <cmath>
#include <cstdio>
#include <string>

#include "brindle/brindle.hpp"
#include "brindle/cuda.hpp"

using namespace brindle;

int main() {
  if (!Cuda::available()) {
    std::puts("no CUDA device");
    return 0;
  }
  const auto describe = [](const auto& on) {
    return Sequential{
        on,        Shape{17, 19, 3}, Conv2D{8, 3, relu}, MaxPool2D{2}, Conv2D{4, 3, relu, 2, Padding::same},
        Flatten{}, Dense{16, relu},  Dense{5, softmax}};
  };
  const Cuda gpu;
  const auto here = describe(Cpu{});
  auto there = describe(gpu);
  Tensor<float> x({7, 17, 19, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 11) / 11;
  const Tensor<float> expected = here.predict(x), got = there.predict(x.to<Cuda>(), 4).to<Cpu>();
  for (std::int64_t i = 0; i < expected.size(); ++i)
    if (!(std::abs(got[i] - expected[i]) < 1e-5f)) {
      std::printf("output %d is %g, expected %g\n", static_cast<int>(i), static_cast<double>(got[i]),
                  static_cast<double>(expected[i]));
      return 1;
    }
  try {
    Trainer trainer{there, SGD{}, SparseCategoricalCrossentropy{}};
    const Tensor<float> labels({7, 1});
    trainer.train_on_batch(x.view(), labels.view());
  } catch (const CudaError& e) {
    return std::string(e.what()).find("compile the file that trains with nvcc") == std::string::npos;
  }
  std::puts("training did not say that it needs nvcc");
  return 1;
}
