// SPDX-License-Identifier: MIT
#include "brindle/ops/gemm/amx.hpp"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/ops/conv2d/cpu.hpp"
#include "brindle/ops/cpu_simd.hpp"
#include "support/amx_here.hpp"
#include "support/conv_kernel_checks.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = ops::kernel;
namespace amx = ops::kernel::amx;

#if BRINDLE_UNIT_AMX

namespace {

/// Value number i of 32 that stand as bfloat16 at `from`.
float bfloat16_at(const std::byte* from, std::int64_t i) {
  std::uint16_t bits;
  std::memcpy(&bits, from + 2 * i, sizeof bits);
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

std::vector<float> any_floats(std::int64_t count, std::uint64_t seed) {
  const Random random{seed};
  std::vector<float> all;
  for (std::uint64_t i = 0; static_cast<std::int64_t>(all.size()) < count; ++i) {
    const float x = std::bit_cast<float>(random.words(i).word[0]);
    // Pieces of smaller ones are denormal, and so are zero in tasks; larger ones round to infinity.
    if (std::isfinite(x) && std::abs(x) > 1e-30F && std::abs(x) < 3.3e38F) all.push_back(x);
  }
  return all;
}

/// y = x * w on a context with AMX, of pictures of which each has the bits that it has alone.
std::vector<float> output_of(const std::vector<float>& pixels, const Shape4& x, const ops::FilterShape& w,
                             const ops::Conv2DOptions& o, int threads) {
  const Cpu on(threads);
  const auto filters = random_tensor<float>(w, 2), bias = random_tensor<float>({w.co}, 3);
  Tensor<float> in(x), y(ops::conv2d_shape(x, w, o));
  std::copy(pixels.begin(), pixels.end(), in.data());
  Tensor<std::byte> space({ops::conv2d_forward_workspace<float>(on, x, w, o)});
  ops::conv2d<float>(on, in, filters, bias, y, o, space);
  return {y.data(), y.data() + y.size()};
}

}  // namespace

TEST_CASE("a float is the sum of three bfloat16, to the last bit", "[ops][amx]") {
  for (const std::int64_t k : {1, 15, 16, 17, 31, 32, 33, 70}) {
    const std::vector<float> x = any_floats(k, 7 + static_cast<std::uint64_t>(k));
    std::vector<std::byte> to(static_cast<std::size_t>(amx::chunks(k) * amx::chunk_bytes));
    amx::split_row(x.data(), k, to.data());
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < amx::chunks(k) * amx::depth; ++i) {
      const std::byte* chunk = to.data() + i / amx::depth * amx::chunk_bytes;
      double sum = 0;
      for (std::int64_t piece = 0; piece < amx::pieces; ++piece)
        sum += static_cast<double>(bfloat16_at(chunk + piece * 64, i % amx::depth));
      const double expected = i < k ? static_cast<double>(x[static_cast<std::size_t>(i)]) : 0;
      if (sum != expected) ++wrong;
    }
    INFO(k << " floats");
    CHECK(wrong == 0);
  }
}

TEST_CASE("a product on the matrix unit is as exact as one in float32", "[ops][amx]") {
  if (!amx_here()) return;
  for (const std::int64_t k : {32, 100, 1000}) {
    const std::int64_t m = 32, n = 32, chunks = amx::chunks(k);
    const auto left = random_tensor<float>({m, k}, 1), right = random_tensor<float>({k, n}, 2);
    const float *a = left.data(), *b = right.data();
    std::vector<std::byte> rows(static_cast<std::size_t>(m * amx::row_bytes(k))),
        panel(static_cast<std::size_t>(chunks * amx::panel_bytes));
    std::vector<std::int64_t> offset;
    for (std::int64_t i = 0; i < m; ++i) amx::split_row(a + i * k, k, rows.data() + i * amx::row_bytes(k));
    for (std::int64_t q = 0; q < chunks; ++q) {
      amx::pack_chunk(b + q * amx::depth * n, n, 1, k - q * amx::depth, n, panel.data() + q * amx::panel_bytes);
      offset.push_back(q * amx::chunk_bytes);
    }
    alignas(64) float c[32 * 32], lower[16 * 32];
    const float zeros[32] = {};
    amx::Finish nothing({.bias = zeros}, 0, n, c);
    {
      amx::Tiles registers;
      amx::Product p{rows.data(), amx::row_bytes(k), offset.data(), chunks, panel.data(), c};
      amx::tile<32>(p, nothing);
      p.a += 16 * p.a_row, p.c = lower;
      amx::tile<16>(p, nothing);
      CHECK(std::memcmp(c + 16 * n, lower, sizeof lower) == 0);
      // Fewer rows have the same bits, and nothing is written behind them.
      p.a = rows.data();
      for (const std::int64_t count : {1, 7, 16, 17, 30, 32}) {
        alignas(64) float some[32 * 32];
        std::fill_n(some, 32 * 32, 77.0F);
        registers.take(count);
        p.c = some;
        if (count > 16)
          amx::tile<32>(p, nothing);
        else
          amx::tile<16>(p, nothing);
        CHECK(std::memcmp(some, c, static_cast<std::size_t>(count * n) * sizeof(float)) == 0);
        CHECK(std::all_of(some + count * n, some + 32 * n, [](float x) { return x == 77.0F; }));
      }
    }
    double worst = 0, worst_of_floats = 0;
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        double exact = 0;
        float sum = 0;
        for (std::int64_t t = 0; t < k; ++t) {
          const float x = a[i * k + t], y = b[t * n + j];
          exact += static_cast<double>(x) * static_cast<double>(y);
          sum = std::fma(x, y, sum);
        }
        worst = std::max(worst, std::abs(static_cast<double>(c[i * n + j]) - exact));
        worst_of_floats = std::max(worst_of_floats, std::abs(static_cast<double>(sum) - exact));
      }
    INFO(k << " steps: " << worst << ", in float32 " << worst_of_floats);
    CHECK(worst < worst_of_floats);
  }
}

TEST_CASE(
    "convolutions on the matrix unit agree with the plain loops for any filter, stride and padding, whatever the "
    "number of threads",
    "[ops][amx]") {
  if (!amx_here()) return;
  using OnAmx = kernel::ImplicitGemmConvolution<float, kernel::AmxGemm>;
  const struct {
    Shape4 x, filters;
    Size2 stride;
  } cases[] = {{{2, 5, 6, 3}, {3, 3, 3, 4}, {1}},       {{1, 9, 8, 64}, {1, 1, 64, 96}, {1}},
               {{2, 11, 13, 5}, {5, 3, 5, 17}, {2, 3}}, {{3, 7, 7, 2}, {2, 4, 2, 1}, {1, 2}},
               {{1, 8, 9, 130}, {3, 3, 130, 33}, {1}},  {{1, 6, 5, 300}, {1, 1, 300, 48}, {2}},
               {{1, 4, 270, 33}, {3, 3, 33, 50}, {2}},  {{30, 4, 3, 40}, {1, 1, 40, 64}, {1}}};
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const auto& c : cases)
      check_conv_kernel<float, OnAmx>(kernel::ConvGeometry::of(c.x, c.filters, c.stride, padding));
  check_conv_kernel<float, OnAmx>(
      kernel::ConvGeometry::of({2, 6, 6, 160}, {3, 3, 160, 256}, Size2{2}, Conv2DPadding(Border(0, 1, 2, 0))));
}

TEST_CASE(
    "gradients of pointwise filters on the matrix unit agree with the plain loops, whatever the number of threads",
    "[ops][amx]") {
  if (!amx_here()) return;
  using OnAmx = kernel::ImplicitGemmConvolution<float, kernel::AmxGemm, kernel::AmxGemm, kernel::AmxWeights>;
  // Pixels that fill neither a chunk nor what is taken at a time, and channels that fill neither tiles nor panels.
  for (const Shape4& x : {Shape4{1, 1, 1, 1}, Shape4{2, 3, 5, 70}, Shape4{3, 16, 12, 33}, Shape4{2, 23, 24, 100}})
    for (const std::int64_t co : {1, 32, 90})
      check_conv_kernel<float, OnAmx>(kernel::ConvGeometry::of(x, {1, 1, x.c, co}, Size2{1}, Padding::valid));
}

TEST_CASE("a picture has the same bits on the matrix unit alone and among others, whatever the threads", "[ops][amx]") {
  if (!amx_here()) return;
  const auto same = Padding::same;
  const struct {
    Shape4 x;  // of one
    ops::FilterShape w;
    ops::Conv2DOptions o;
  } cases[] = {{{1, 7, 7, 96}, {1, 1, 96, 72}, {}},
               {{1, 30, 29, 64}, {1, 1, 64, 300}, {.activation = relu}},
               {{1, 15, 14, 64}, {1, 1, 64, 70}, {.stride = 2, .activation = silu}},
               {{1, 29, 28, 40}, {3, 3, 40, 64}, {.stride = 2, .padding = same, .activation = relu6}},
               {{1, 40, 260, 32}, {5, 3, 32, 33}, {.padding = same}},
               {{1, 9, 8, 700}, {3, 3, 700, 40}, {.stride = {2, 1}, .padding = same}}};
  for (const auto& c : cases) {
    CHECK(ops::conv2d_kernel_name<float>(Cpu(1), c.x, c.w, c.o) == "implicit gemm on AMX");
    const std::int64_t pictures = 5;
    Shape4 all = c.x;
    all.n = pictures;
    const auto x = random_tensor<float>(all, 1);
    const std::vector<float> pixels(x.data(), x.data() + x.size());
    const std::vector<float> expected = output_of(pixels, all, c.w, c.o, 1);
    CHECK((expected == output_of(pixels, all, c.w, c.o, 3)));
    const auto of_one = static_cast<std::ptrdiff_t>(expected.size()) / pictures;
    const auto pixels_of_one = static_cast<std::ptrdiff_t>(pixels.size()) / pictures;
    for (std::ptrdiff_t n = 0; n < pictures; ++n) {
      const std::vector<float> one(pixels.begin() + n * pixels_of_one, pixels.begin() + (n + 1) * pixels_of_one);
      const std::vector<float> y(expected.begin() + n * of_one, expected.begin() + (n + 1) * of_one);
      CHECK((y == output_of(one, c.x, c.w, c.o, 2)));
    }
  }
}

TEST_CASE("NaN and infinity in a pixel are NaN where filters see it on the matrix unit, and nowhere else",
          "[ops][amx]") {
  if (!amx_here()) return;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          std::bit_cast<float>(0x7fffffffU), std::bit_cast<float>(0xff800001U)}) {
    const Shape4 x{1, 9, 9, 40};
    const ops::FilterShape w{3, 3, 40, 64};
    std::vector<float> pixels(static_cast<std::size_t>(9 * 9 * 40), 0.5F);
    pixels[static_cast<std::size_t>((4 * 9 + 4) * 40 + 17)] = bad;
    const ops::Conv2DOptions o{.stride = 2, .padding = Padding::same, .activation = relu};
    const std::vector<float> y = output_of(pixels, x, w, o, 2);
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(y.size()); ++i) {
      const std::int64_t row = i / 64 / 5, column = i / 64 % 5;
      const bool sees = std::abs(2 * row - 4) <= 1 && std::abs(2 * column - 4) <= 1;
      if (std::isnan(y[static_cast<std::size_t>(i)]) != sees) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("sums of a gradient by the bias on the matrix unit are as exact as those of other kernels, of many pixels",
          "[ops][amx]") {
  if (!amx_here()) return;
  const std::int64_t pixels = 100'000, co = 40;
  const kernel::ConvGeometry g = kernel::ConvGeometry::of({1, 1, pixels, 1}, {1, 1, 1, co}, Size2{1}, Padding::valid);
  const auto x = random_tensor<float>({pixels, 1}, 1);
  auto dz = random_tensor<float>({pixels, co}, 2);
  std::vector<double> exact(static_cast<std::size_t>(co));
  for (std::int64_t i = 0; i < dz.size(); ++i) {
    dz[i] = std::abs(dz[i]);
    exact[static_cast<std::size_t>(i % co)] += static_cast<double>(dz[i]);
  }
  const auto worst = [&](const auto& weights) {
    const Cpu on(1);
    Tensor<float> dw({co}), db({co});
    Tensor<std::byte> space({weights.workspace(1)});
    weights.run(on, {x.data(), nullptr, 1, pixels, 1}, {dz.data(), nullptr, 1, pixels, co}, dw.data(), db.data(),
                space);
    double most = 0;
    for (std::int64_t c = 0; c < co; ++c) {
      const double sum = exact[static_cast<std::size_t>(c)];
      most = std::max(most, std::abs(static_cast<double>(db[c]) - sum) / sum);
    }
    return most;
  };
  const double on_amx = worst(kernel::AmxWeights(g)), on_floats = worst(kernel::ImplicitGemmWeights<float>(g));
  INFO(on_amx << ", in float32 " << on_floats);
  CHECK(on_amx < 1e-6);
}

#endif

TEST_CASE("a context without AMX takes the kernels of other processors", "[ops][amx]") {
  const Cpu with(2), without(Cpu::Options{.threads = 2, .amx = false});
  CHECK(with.amx() == brindle::detail::has_amx());
  CHECK_FALSE(without.amx());
  CHECK_FALSE(without.alone().amx());
  CHECK(ops::cpu_isa(without) == ops::cpu_isa());
  CHECK(ops::cpu_isa(with) == ops::cpu_isa() + (amx::built_in && with.amx() ? " and AMX" : ""));
  CHECK(ops::conv2d_kernel_name<float>(without, {1, 7, 7, 96}, {1, 1, 96, 72}, {}) == "implicit gemm");
}
