// SPDX-License-Identifier: MIT
// Convolutions with groups, dilation and any number of zeros around the picture.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/ops/conv2d/cuda_general.hpp"
#include "support/convolution.hpp"
#include "support/gradient.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// Options that the fast kernels do not take, and sizes that they fit.
struct GeneralCase {
  Shape4 x;
  ops::FilterShape w;
  ops::Conv2DOptions o;
};

std::vector<GeneralCase> general_cases() {
  return {{{2, 9, 8, 3}, {3, 3, 3, 5}, {.dilation = 2}},
          {{1, 8, 11, 4}, {3, 2, 4, 33}, {.padding = Padding::same, .dilation = {2, 3}}},
          {{2, 12, 11, 6}, {3, 3, 2, 9}, {.padding = Padding::same, .groups = 3}},
          {{1, 9, 10, 34}, {3, 3, 17, 40}, {.stride = 2, .padding = Padding::same, .groups = 2}},
          {{2, 7, 6, 4}, {1, 1, 2, 6}, {.stride = {1, 2}, .groups = 2}},
          {{1, 9, 9, 4}, {3, 3, 2, 4}, {.stride = {3, 2}, .padding = {4, 1, 0, 5}, .dilation = 2, .groups = 2}},
          {{3, 5, 4, 6}, {2, 3, 1, 12}, {.padding = {0, 1, 1, 1}, .groups = 6}}};
}

}  // namespace

TEMPLATE_TEST_CASE("dilated convolutions and those by groups agree with their reference", "[ops][conv2d]", float,
                   double) {
  const Cpu on(2);
  for (const GeneralCase& c : general_cases())
    for (const ActivationFunction f : {linear, relu, sigmoid}) {
      INFO(to_string(c.x) << " by " << to_string(c.w) << ", " << c.o.groups << " groups");
      ops::Conv2DOptions o = c.o;
      o.activation = f;
      Convolution<TestType>(on, c.x, c.w, o).check_reference();
    }
}

TEMPLATE_TEST_CASE("a convolution takes any number of zeros on each side, by every kernel", "[ops][conv2d]", float,
                   double) {
  const Cpu on(2);
  for (const Conv2DPadding& padding :
       {Conv2DPadding(1, 0, 0, 1), Conv2DPadding(0, 3, 5, 2), Conv2DPadding(4, 4, 1, 7), Conv2DPadding(Border(3))})
    for (const Size2 stride : {Size2(1), Size2(2)})
      for (const std::int64_t channels : {3, 20})
        for (const std::int64_t side : {2, 9, 15}) {
          INFO(to_string(padding) << " around " << side << ", stride " << to_string(stride));
          Convolution<TestType>(on, {2, side, side + 1, channels}, {3, 3, channels, 20},
                                {.stride = stride, .padding = padding})
              .check_reference();
        }
}

TEST_CASE("zeros on each side are those of the same convolution of a padded picture", "[ops][conv2d]") {
  const Cpu on(1);
  Convolution<float> same(on, {1, 7, 8, 4}, {3, 3, 4, 5}, {.stride = 2, .padding = Padding::same});
  Convolution<float> given(on, {1, 7, 8, 4}, {3, 3, 4, 5}, {.stride = 2, .padding = {1, 1, 0, 1}});
  same.run();
  given.run();
  CHECK(same_bits(same.y, given.y));
  CHECK(same_bits(same.dx, given.dx));
  CHECK(same_bits(same.dw, given.dw));
}

TEST_CASE("the gradients of dilated convolutions and those by groups are those of their output",
          "[ops][conv2d][gradient]") {
  const Cpu on(1);
  for (const GeneralCase& c : general_cases()) {
    INFO(to_string(c.x) << " by " << to_string(c.w));
    Convolution<double> conv(on, c.x, c.w, c.o);
    conv.run();
    const auto loss = [&] {
      Tensor<std::byte> workspace({ops::conv2d_forward_workspace<double>(on, c.x, c.w, c.o)});
      ops::conv2d<double>(on, conv.x, conv.w, conv.bias, conv.y, c.o, workspace);
      return inner_product(conv.y, conv.dz);
    };
    check_gradient("dx", conv.x, conv.dx, loss);
    check_gradient("dw", conv.w, conv.dw, loss);
    check_gradient("db", conv.bias, conv.db, loss);
  }
}

TEST_CASE("dilated convolutions and those by groups have the same bits for any number of threads", "[ops][conv2d]") {
  const Cpu one(1);
  for (const GeneralCase& c : general_cases()) {
    Convolution<float> first(one, {2, 40, 41, c.x.c}, c.w, c.o);
    first.run();
    for (const int threads : {2, 3}) {
      const Cpu several(threads);
      Convolution<float> again(several, {2, 40, 41, c.x.c}, c.w, c.o);
      again.run();
      CHECK(same_bits(again.y, first.y));
      CHECK(same_bits(again.dx, first.dx));
      CHECK(same_bits(again.dw, first.dw));
      CHECK(same_bits(again.db, first.db));
    }
  }
}

TEST_CASE("the GPU's kernels for dilation and groups agree with the reference", "[ops][conv2d][cuda_kernels]") {
  namespace kernel = ops::kernel;
  const Cpu on(1);
  for (const GeneralCase& c : general_cases()) {
    INFO(to_string(c.x) << " by " << to_string(c.w));
    Convolution<double> conv(on, c.x, c.w, c.o);
    conv.run();
    const auto at = kernel::GeneralConvolution::of(c.x, c.w, c.o);
    Tensor<double> y = unwritten<double>(conv.y.shape()), dx = unwritten<double>(conv.dx.shape()), dw(conv.dw.shape()),
                   parts = unwritten<double>({at.parts() * dw.size()});
    const kernel::GeneralForward<double> forward{conv.x.data(), conv.w.data(), conv.bias.data(), y.data(), at};
    const kernel::GeneralBackwardData<double> data{conv.dz.data(), conv.w.data(), dx.data(), at};
    const kernel::GeneralBackwardWeights<double> weights{conv.x.data(), conv.dz.data(), parts.data(), at};
    for (std::int64_t i = y.size() - 1; i >= 0; --i) forward(i);
    for (std::int64_t i = dx.size() - 1; i >= 0; --i) data(i);
    for (std::int64_t i = parts.size() - 1; i >= 0; --i) weights(i);
    for (std::int64_t i = 0; i < parts.size(); ++i) dw[i % dw.size()] += parts[i];
    check_close("y", y, conv.y, 1e-12);
    check_close("dx", dx, conv.dx, 1e-12);
    check_close("dw", dw, conv.dw, 1e-12);
  }
}

TEST_CASE("a convolution names groups, dilation and padding that do not fit", "[ops][conv2d][errors]") {
  using ops::conv2d_shape;
  CHECK_THROWS_WITH(conv2d_shape({1, 8, 8, 6}, {3, 3, 3, 9}, {.groups = 2}),
                    Contains("2 groups") && Contains("(3, 3, 3, 9)"));
  CHECK_THROWS_WITH(conv2d_shape({1, 8, 8, 5}, {3, 3, 2, 4}, {.groups = 2}), Contains("4 channels in 2 groups"));
  CHECK_THROWS_AS(conv2d_shape({1, 8, 8, 4}, {3, 3, 4, 4}, {.dilation = 0}), ValueError);
  const Tensor<float> x({1, 8, 8, 4}), four({4}), w({3, 3, 4, 4});
  Tensor<float> y({1, 6, 6, 4});
  CHECK_THROWS_WITH(ops::conv2d<float>(Cpu(1), x, w, {}, y, {}, {}, {}, {{four, four, four}}),
                    Contains("conv2d: takes no prologue here") && Contains("ops::batch_normalization"));
  CHECK_THROWS_AS(conv2d_shape({1, 8, 8, 4}, {3, 3, 4, 4}, {.groups = 0}), ValueError);
  CHECK_THROWS_WITH(conv2d_shape({1, 8, 8, 4}, {3, 3, 4, 4}, {.padding = {0, -1, 0, 0}}),
                    Contains("((0, -1), (0, 0))"));
  CHECK_THROWS_AS(conv2d_shape({1, 4, 4, 4}, {3, 3, 4, 4}, {.dilation = 2}), ShapeError);
  CHECK_THROWS_WITH(ops::conv2d_maxpool2d_shape({1, 8, 8, 4}, {3, 3, 4, 4}, {.dilation = 2}), Contains("pool apart"));
}
