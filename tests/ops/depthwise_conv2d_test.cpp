// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

// One depthwise convolution with its gradients.
template <class T>
struct Depthwise {
  const Cpu& on;
  ops::DepthwiseConv2DOptions o;
  Tensor<T> x, w, dz, bias, y, dx, dw, db;

  Depthwise(const Cpu& on_, const Shape4& x_, const ops::FilterShape& w_, const ops::DepthwiseConv2DOptions& o_)
      : on(on_),
        o(o_),
        x(random_tensor<T>(x_, 1)),
        w(random_tensor<T>(w_, 2)),
        dz(random_tensor<T>(ops::depthwise_conv2d_shape(x_, w_, o_), 3)),
        bias(random_tensor<T>({w_.ci * w_.co}, 4)) {}

  void run() {
    y = unwritten<T>(dz.shape()), dx = unwritten<T>(x.shape()), dw = unwritten<T>(w.shape());
    db = unwritten<T>(bias.shape());
    Tensor<std::byte> forward =
        unwritten<std::byte>({ops::depthwise_conv2d_forward_workspace<T>(on, x.shape(), w.shape(), o)});
    ops::depthwise_conv2d<T>(on, x, w, bias, y, o, forward);
    Tensor<std::byte> all = unwritten<std::byte>({ops::depthwise_conv2d_workspace<T>(on, x.shape(), w.shape(), o)});
    ops::depthwise_conv2d_backward_data<T>(on, dz, w, dx, o, all);
    ops::depthwise_conv2d_backward_weights<T>(on, x, dz, dw, db, o, all);
  }

  void check_reference() {
    run();
    Tensor<T> y_(y.shape()), dx_(dx.shape()), dw_(dw.shape()), db_(db.shape());
    ops::reference::depthwise_conv2d<T>(x, w, bias, y_, o);
    ops::reference::depthwise_conv2d_backward_data<T>(dz, w, dx_, o);
    ops::reference::depthwise_conv2d_backward_weights<T>(x, dz, dw_, db_, o);
    check_close("y", y, y_, reordered_sum.of<T>());
    check_close("dx", dx, dx_, reordered_sum.of<T>());
    check_close("dw", dw, dw_, reordered_sum.of<T>());
    check_close("db", db, db_, reordered_sum.of<T>());
  }
};

std::string text(const Shape4& x, const ops::FilterShape& w, const ops::DepthwiseConv2DOptions& o) {
  return to_string(x) + " by " + to_string(w) + ", stride " + to_string(o.stride) + ", padding " +
         to_string(o.padding) + ", dilation " + to_string(o.dilation);
}

}  // namespace

TEMPLATE_TEST_CASE("depthwise_conv2d agrees with its reference at odd sizes", "[ops][depthwise_conv2d]", float,
                   double) {
  const Cpu on(3);
  for (const Conv2DPadding& padding :
       {Conv2DPadding(Padding::valid), Conv2DPadding(Padding::same), Conv2DPadding(4, 0, 3, 5)})
    for (const Size2 kernel : {Size2(3), Size2(5), Size2(1), Size2(2, 4)})
      for (const Size2 stride : {Size2(1), Size2(2), Size2(3, 1)})
        for (const Size2 dilation : {Size2(1), Size2(1, 2)})
          for (const Shape4& x : {Shape4{1, 5, 10, 1}, Shape4{2, 11, 9, 3}, Shape4{1, 9, 16, 17}, Shape4{2, 7, 9, 40}})
            for (const std::int64_t multiplier : {1, 2}) {
              const ops::FilterShape w{kernel.h, kernel.w, x.c, multiplier};
              const ops::DepthwiseConv2DOptions o{
                  .stride = stride, .padding = padding, .activation = relu, .dilation = dilation};
              INFO(text(x, w, o));
              Depthwise<TestType>(on, x, w, o).check_reference();
            }
}

TEST_CASE("depthwise_conv2d agrees with its reference where filters are larger than the picture",
          "[ops][depthwise_conv2d]") {
  const Cpu on(1);
  for (const std::int64_t side : {3, 5})
    for (const std::int64_t stride : {1, 2})
      for (const Shape4& x : {Shape4{1, 1, 1, 8}, Shape4{2, 2, 1, 16}, Shape4{1, 3, 4, 7}, Shape4{1, 2, 6, 33}}) {
        const ops::DepthwiseConv2DOptions o{.stride = stride, .padding = Padding::same, .activation = sigmoid};
        INFO(text(x, {side, side, x.c, 1}, o));
        Depthwise<float>(on, x, {side, side, x.c, 1}, o).check_reference();
      }
}

TEST_CASE("depthwise_conv2d is conv2d with a group for each channel", "[ops][depthwise_conv2d]") {
  const Cpu on(1);
  Depthwise<double> d(on, {2, 8, 7, 5}, {3, 2, 5, 3}, {.stride = 2, .padding = Padding::same, .activation = relu});
  d.run();
  const ops::Conv2DOptions o = d.o.by_groups(5);
  const ops::FilterShape w_shape{3, 2, 1, 15};
  Tensor<double> y(d.y.shape());
  Tensor<std::byte> workspace({ops::conv2d_workspace<double>(on, d.x.shape(), w_shape, o)});
  ops::conv2d<double>(on, d.x, d.w.view().reshape(w_shape), d.bias, y, o, workspace);
  check_close("y", d.y, y, 1e-14);
}

TEST_CASE("depthwise_conv2d's gradients are those of its output", "[ops][depthwise_conv2d][gradient]") {
  const Cpu on(2);
  for (const std::int64_t stride : {1, 2})
    for (const std::int64_t multiplier : {1, 2}) {
      const ops::DepthwiseConv2DOptions o{.stride = stride, .padding = Padding::same};
      Depthwise<double> d(on, {2, 6, 7, 9}, {3, 3, 9, multiplier}, o);
      d.run();
      const auto loss = [&] {
        Tensor<std::byte> workspace({ops::depthwise_conv2d_forward_workspace<double>(on, d.x.shape(), d.w.shape(), o)});
        ops::depthwise_conv2d<double>(on, d.x, d.w, d.bias, d.y, o, workspace);
        return inner_product(d.y, d.dz);
      };
      check_gradient("dx", d.x, d.dx, loss);
      check_gradient("dw", d.w, d.dw, loss);
      check_gradient("db", d.bias, d.db, loss);
    }
}

TEST_CASE("depthwise_conv2d has the same bits for any number of threads, and for a picture alone",
          "[ops][depthwise_conv2d]") {
  const Cpu one(1);
  for (const std::int64_t stride : {1, 2}) {
    const ops::DepthwiseConv2DOptions o{.stride = stride, .padding = Padding::same, .activation = relu};
    Depthwise<float> first(one, {3, 37, 40, 72}, {3, 3, 72, 1}, o);
    first.run();
    for (const int threads : {2, 3}) {
      const Cpu several(threads);
      Depthwise<float> again(several, {3, 37, 40, 72}, {3, 3, 72, 1}, o);
      again.run();
      CHECK(same_bits(again.y, first.y));
      CHECK(same_bits(again.dx, first.dx));
      CHECK(same_bits(again.dw, first.dw));
      CHECK(same_bits(again.db, first.db));
    }
    const Tensor<float> x = random_tensor<float>({3, 37, 40, 72}, 1);
    Tensor<float> y(Shape{1, first.y.shape()[1], first.y.shape()[2], 72});
    Tensor<std::byte> workspace(
        {ops::depthwise_conv2d_forward_workspace<float>(one, {1, 37, 40, 72}, {3, 3, 72, 1}, o)});
    ops::depthwise_conv2d<float>(one, x.view().slice(1, 2), first.w, first.bias, y, o, workspace);
    for (std::int64_t i = 0; i < y.size(); ++i) REQUIRE(y[i] == first.y[y.size() + i]);
  }
}

TEST_CASE("depthwise_conv2d names filters that do not fit", "[ops][depthwise_conv2d][errors]") {
  CHECK_THROWS_WITH(ops::depthwise_conv2d_shape({1, 8, 8, 6}, {3, 3, 5, 1}, {}),
                    Contains("(KH, KW, 6, M)") && Contains("(3, 3, 5, 1)"));
  CHECK_THROWS_AS(ops::depthwise_conv2d_shape({1, 8, 8, 6}, {3, 3, 6, 1}, {.stride = 0}), ValueError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_shape({1, 2, 2, 6}, {3, 3, 6, 1}, {}), ShapeError);
  CHECK_THROWS_AS(ops::depthwise_conv2d_shape({1, 8, 8, 6}, {3, 3, 6, 1}, {.activation = softmax}), ValueError);
  Tensor<float> x({1, 4, 4, 2}), w({3, 3, 2, 1}), y({1, 3, 3, 2});
  CHECK_THROWS_WITH(ops::depthwise_conv2d<float>(Cpu(1), x, w, {}, y, {}, {}), Contains("(1, 2, 2, 2)"));
  const Tensor<float> two({2}), three({3}), several({3, 3, 2, 4});
  Tensor<float> sum({1, 2, 2, 2}), sums({1, 2, 2, 8}), dw({3, 3, 2, 1});
  Tensor<std::byte> space({1 << 16});
  const ops::Prologue<float, Cpu> prologue{{two, two, two}}, narrow{{two, three, two}},
      other{{two, two, two}, ActivationFunction::sigmoid};
  CHECK_THROWS_WITH(ops::depthwise_conv2d<float>(Cpu(1), x, several, {}, sums, {}, space, prologue),
                    Contains("depthwise_conv2d: takes no prologue here"));
  CHECK_THROWS_WITH(ops::depthwise_conv2d<float>(Cpu(1), x, w, {}, sum, {}, space, narrow),
                    Contains("depthwise_conv2d: expected factor (2), got (3)"));
  CHECK_THROWS_WITH(ops::depthwise_conv2d_backward_weights<float>(Cpu(1), x, sum, dw, {}, {}, space, other),
                    Contains("expected activation linear, or on the Cpu relu or relu6, got sigmoid"));
}
