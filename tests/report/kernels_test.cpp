// SPDX-License-Identifier: MIT
#include "brindle/report/kernels.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "brindle/models/vgg16.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

TEST_CASE("the kernels that run can be asked for", "[report][kernels]") {
  const auto model = models::vgg16<float>(Cpu{2}, {150, 150, 3});
  const std::string text = report::kernels(model, 30);
  CHECK_THAT(text, Contains(ops::cpu_simd() + " (" + ops::cpu_isa(model.device()) + "), 2 threads\n"));
  CHECK_THAT(text, Contains("block1_conv1: implicit gemm\n"));
  const bool amx = ops::cpu_isa(model.device()).find("AMX") != std::string::npos;
  CHECK_THAT(text, Contains("block1_conv2: winograd F(4x4, 3x3)" + std::string(amx ? " on AMX" : "") +
                            ", with block1_pool\n"));
  CHECK_THAT(text, !Contains("block1_pool:"));
  CHECK_THAT(text, Contains("block5_conv2: winograd F(3x3, 3x3)\n"));                    // 9x9
  CHECK_THAT(text, Contains("block5_conv3: winograd F(4x4, 3x3), with block5_pool\n"));  // 8x8 are needed
  const auto precise = models::vgg16<float>(Cpu{{.threads = 1, .precise = true}}, {150, 150, 3});
  CHECK_THAT(report::kernels(precise), Contains("block3_conv2: winograd F(2x2, 3x3)\n"));
}

TEST_CASE("the kernels of a graph are those of its layers, with a pool that only one reads", "[report][kernels]") {
  const Model<float> model{Cpu{1}, {16, 16, 8}, [](auto x) {
                             x = x.then(Conv2D{8, 3, relu, 1, Padding::same}, MaxPool2D{2});
                             auto y = x.then(Conv2D{8, 3, relu, 1, Padding::same});
                             return x + y.then(MaxPool2D{1}) + y;
                           }};
  const std::string text = report::kernels(model, 2);
  CHECK_THAT(text, Contains("conv2d: ") && Contains(", with max_pooling2d\n") && Contains("conv2d_1: "));
  CHECK_THAT(text, !Contains("max_pooling2d_1") && !Contains("add"));
}
