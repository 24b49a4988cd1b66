// SPDX-License-Identifier: MIT
// Filters that are brought into a kernel's layout once, for all calls.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

struct Case {
  Shape4 x;  // of one picture
  ops::FilterShape w;
  ops::Conv2DOptions o;
};

// Each kernel, whole panels of channels and broken ones, small pictures (Winograd in stages) and large ones (a block to
// a thread).
std::vector<Case> cases() {
  const auto same = Padding::same;
  return {{{1, 7, 7, 40}, {1, 1, 40, 72}, {.activation = ActivationFunction::relu6}},
          {{1, 8, 9, 300}, {1, 1, 300, 17}, {}},
          {{1, 8, 9, 13}, {1, 1, 13, 48}, {.stride = 2}},
          {{1, 5, 6, 16}, {1, 1, 16, 32}, {.padding = {1, 0, 2, 1}}},
          {{1, 14, 13, 16}, {3, 3, 16, 70}, {.padding = same, .activation = ActivationFunction::silu}},
          {{1, 9, 9, 33}, {3, 3, 33, 40}, {.padding = same}},
          {{1, 70, 66, 16}, {3, 3, 16, 33}, {.padding = same, .activation = ActivationFunction::relu}},
          {{1, 6, 4, 12}, {3, 3, 12, 12}, {.padding = same}},
          {{1, 11, 10, 20}, {3, 3, 20, 36}, {.stride = 2, .padding = same}},
          {{1, 11, 12, 6}, {3, 3, 6, 35}, {.padding = same, .dilation = 2}},
          {{1, 9, 8, 12}, {3, 3, 4, 30}, {.padding = same, .groups = 3}},
          {{1, 20, 19, 3}, {7, 7, 3, 24}, {.stride = 2, .padding = {3, 3, 3, 3}}}};
}

template <class T>
Tensor<T> convolved(const Cpu& on, const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& bias,
                    const ops::Conv2DOptions& o, bool pooled, const Tensor<std::byte>& prepared) {
  auto space = unwritten<std::byte>({ops::conv2d_forward_workspace<T>(on, x.shape(), w.shape(), o)});
  auto y = unwritten<T>(pooled ? ops::conv2d_maxpool2d_shape(x.shape(), w.shape(), o)
                               : ops::conv2d_shape(x.shape(), w.shape(), o));
  if (pooled)
    ops::conv2d_maxpool2d<T>(on, x, w, bias, y, {}, o, space, prepared);
  else
    ops::conv2d<T>(on, x, w, bias, y, o, space, prepared);
  return y;
}

}  // namespace

TEMPLATE_TEST_CASE(
    "a convolution with prepared filters has the bits of one without, for each kernel, batch and number "
    "of threads",
    "[ops][conv2d]", float, double) {
  using T = TestType;
  for (const bool precise : {false, true})
    for (const Case& c : cases())
      for (const bool pooled : {false, true}) {
        if (pooled && !(c.o.is_plain() && (c.o.activation == linear || c.o.activation == relu))) continue;
        const Cpu maker(Cpu::Options{.threads = 2, .precise = precise});
        INFO("x " << to_string(Shape(c.x)) << ", w " << to_string(c.w) << ", pooled " << pooled << ", "
                  << ops::conv2d_kernel_name<T>(maker, c.x, c.w, c.o, pooled));
        const Tensor<T> w = random_tensor<T>(c.w, 1), bias = random_tensor<T>({c.w.co}, 2);
        auto prepared = unwritten<std::byte>({ops::conv2d_prepared_bytes<T>(maker, c.x, c.w, c.o, pooled)});
        REQUIRE(prepared.size() >= w.size() * static_cast<std::int64_t>(sizeof(T)));
        ops::conv2d_prepare<T>(maker, c.x, w, c.o, pooled, prepared);
        // With other filters in the place of w, which are not read any more.
        const Tensor<T> nothing(c.w);
        for (const std::int64_t n : {1, 2, 33}) {
          Shape4 shape = c.x;
          shape.n = n;
          if (n > 2 && shape.h > 60) continue;  // enough of it
          const Tensor<T> x = random_tensor<T>(shape, 3);
          const Tensor<T> expected = convolved<T>(maker, x, w, bias, c.o, pooled, {});
          for (const int threads : {1, 2, 3}) {
            const Cpu on(Cpu::Options{.threads = threads, .precise = precise});
            CHECK(same_bits(convolved<T>(on, x, nothing, bias, c.o, pooled, prepared), expected));
          }
        }
      }
}

TEST_CASE("a convolution of 1x1 has the same bits for a pixel, whatever pictures and pixels are beside it",
          "[ops][conv2d]") {
  const Cpu on(2);
  const Tensor<float> w = random_tensor<float>({1, 1, 300, 40}, 1), x = random_tensor<float>({9, 7, 6, 300}, 2);
  const Tensor<float> all = convolved<float>(on, x, w, {}, {}, false, {});
  for (std::int64_t i = 0; i < 9 * 42; i += 5) {
    Tensor<float> pixel({1, 1, 1, 300});
    std::copy_n(x.data() + i * 300, 300, pixel.data());
    const Tensor<float> y = convolved<float>(on, pixel, w, {}, {}, false, {});
    CHECK(std::equal(y.data(), y.data() + 40, all.data() + i * 40));
  }
}

TEST_CASE("prepared filters of other sizes are refused, with both sizes", "[ops][conv2d]") {
  const Cpu on(1);
  const Tensor<float> w = random_tensor<float>({3, 3, 16, 16}, 1), x = random_tensor<float>({1, 8, 8, 16}, 2);
  Tensor<std::byte> few({100});
  CHECK_THROWS_WITH(convolved<float>(on, x, w, {}, {}, false, few), Contains("prepared") && Contains("(100)"));
  CHECK_THROWS_WITH(convolved<float>(on, x, w, {}, {}, true, few), Contains("prepared") && Contains("(100)"));
  CHECK_THROWS_WITH(ops::conv2d_prepare<float>(on, x.shape(), w, {}, false, few),
                    Contains("conv2d_prepare") && Contains("(100)"));
}
