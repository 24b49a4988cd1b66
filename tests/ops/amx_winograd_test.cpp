// SPDX-License-Identifier: MIT
#include "brindle/ops/conv2d/amx_winograd.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "brindle/ops/conv2d/cpu.hpp"
#include "support/amx_here.hpp"
#include "support/conv_kernel_checks.hpp"
#include "support/pictures_together.hpp"

using namespace brindle;
using namespace brindle::test;
using namespace brindle::ops::kernel;

#if BRINDLE_UNIT_AMX

namespace {

template <int m>
using OnAmx = WinogradConvolution<float, m, AmxWinograd<m>>;

ConvGeometry same_padded(const Shape4& x, std::int64_t co) {
  return ConvGeometry::of(x, {3, 3, x.c, co}, Size2{1}, Padding::same);
}

}  // namespace

TEST_CASE("winograd on the matrix unit agrees with the plain loops, whatever the number of threads", "[ops][amx]") {
  if (!amx_here()) return;
  // Small filters, which each thread makes whole, of channels that fill neither chunks nor packets.
  for (const Shape4& x : {Shape4{1, 3, 3, 1}, Shape4{2, 9, 7, 33}, Shape4{1, 17, 12, 64}, Shape4{3, 26, 23, 31}})
    for (const std::int64_t co : {1, 37, 64}) {
      check_conv_kernel<float, OnAmx<4>>(same_padded(x, co));
      check_conv_kernel<float, OnAmx<3>>(same_padded(x, co), false);
      check_conv_kernel<float, OnAmx<2>>(same_padded(x, co));
    }
  check_conv_kernel<float, OnAmx<4>>(same_padded({2, 49, 50, 97}, 82));   // filters made by all threads together
  check_conv_kernel<float, OnAmx<4>>(same_padded({1, 9, 11, 300}, 290));  // and in slices
  check_conv_kernel<float, OnAmx<4>>(same_padded({2, 18, 19, 140}, 70));
}

TEST_CASE("winograd on the matrix unit gives a picture the same bits alone, as one of a few and among many",
          "[ops][amx]") {
  if (!amx_here()) return;
  check_bits_of_a_picture_alone<OnAmx<4>>(23, 26, 40, 65);   // each thread makes all filters
  check_bits_of_a_picture_alone<OnAmx<4>>(18, 17, 130, 96);  // in slices alone, and together among many
  check_bits_of_a_picture_alone<OnAmx<3>>(9, 9, 65, 130, false);
}

TEST_CASE("the matrix unit takes Winograd's products by the filters and the tiles of a picture, not by the batch",
          "[ops][amx]") {
  if (!amx_here()) return;
  const auto kernel = [](const Shape4& x, std::int64_t co, const Cpu& on, bool pooled = false) {
    return ops::conv2d_kernel_name<float>(on, x, {3, 3, x.c, co}, {.padding = Padding::same}, pooled);
  };
  const std::string taken = "winograd F(4x4, 3x3) on AMX", left = "winograd F(4x4, 3x3)";
  const Cpu on(2), precise(Cpu::Options{.threads = 2, .precise = true}), without(Cpu::Options{.amx = false});
  for (const std::int64_t n : {1, 30}) {
    CHECK(kernel({n, 56, 56, 64}, 64, on) == taken);
    CHECK(kernel({n, 37, 37, 256}, 256, on, true) == taken);
    CHECK(kernel({n, 18, 18, 512}, 512, on) == taken);
    CHECK(kernel({n, 14, 14, 256}, 256, on) == left);
    CHECK(kernel({n, 75, 75, 64}, 128, on) == left);
    CHECK(kernel({n, 56, 56, 64}, 64, without) == left);
    CHECK(kernel({n, 56, 56, 64}, 64, precise) == "winograd F(2x2, 3x3)");
  }
}

#endif
