// SPDX-License-Identifier: MIT
#include "brindle/ops/gemm/gemm.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "support/direct_convolution.hpp"
#include "support/kernels.hpp"

using namespace brindle;
using namespace brindle::ops;
using namespace brindle::test;

namespace {

/// Compares with the reference on 1, 2 and 3 threads; the matrices lie in wider ones, whose other columns stay.
template <class T>
void check_gemm(std::int64_t m, std::int64_t n, std::int64_t k, const GemmOptions& o, bool with_bias) {
  INFO(m << " x " << n << " x " << k << (o.transpose_a ? " a'" : "") << (o.transpose_b ? " b'" : ""));
  const std::int64_t a_rows = o.transpose_a ? k : m, a_columns = o.transpose_a ? m : k;
  const std::int64_t b_rows = o.transpose_b ? n : k, b_columns = o.transpose_b ? k : n;
  const std::vector<T> a = noise<T>(a_rows * (a_columns + 3), 1), b = noise<T>(b_rows * (b_columns + 1), 2);
  const std::vector<T> bias = noise<T>(n, 3), c = noise<T>(m * (n + 2), 4);
  const MatrixView<const T> a_view{a.data(), a_rows, a_columns, a_columns + 3};
  const MatrixView<const T> b_view{b.data(), b_rows, b_columns, b_columns + 1};
  const TensorView<const T> bias_view = with_bias ? TensorView<const T>(bias.data(), Shape{n}) : TensorView<const T>();
  std::vector<T> expected = c, first;
  reference::gemm<T>(a_view, b_view, bias_view, {expected.data(), m, n, n + 2}, o);
  for (const int threads : {1, 2, 3}) {
    const Cpu on(threads);
    std::vector<T> result = c;
    Tensor<std::byte> workspace(Shape{gemm_workspace<T>(on, m, n, k, o)});
    gemm<T>(on, a_view, b_view, bias_view, {result.data(), m, n, n + 2}, o, workspace);
    if (threads == 1) {
      // A sum of k products of such numbers has a root mean square of sqrt(k) / 3.
      double worst = 0;
      for (std::size_t i = 0; i < result.size(); ++i)
        worst = std::max(worst, std::abs(double(result[i]) - double(expected[i])));
      CHECK(worst < (sizeof(T) == 8 ? 1e-13 : 4e-6) * (1 + std::sqrt(double(k)) / 3));
      bool outside_stays = true;
      for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = n; j < n + 2; ++j) {
          const auto at = static_cast<std::size_t>(i * (n + 2) + j);
          outside_stays = outside_stays && result[at] == c[at];
        }
      CHECK(outside_stays);
      first = result;
    }
    CHECK(result == first);
  }
}

template <class T>
void check_all(std::int64_t m, std::int64_t n, std::int64_t k) {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true}) {
      check_gemm<T>(m, n, k, {.transpose_a = transpose_a, .transpose_b = transpose_b}, false);
      check_gemm<T>(m, n, k,
                    {.transpose_a = transpose_a, .transpose_b = transpose_b, .activation = ActivationFunction::relu},
                    true);
      check_gemm<T>(m, n, k,
                    {.transpose_a = transpose_a,
                     .transpose_b = transpose_b,
                     .accumulate = true,
                     .activation = ActivationFunction::sigmoid},
                    true);
    }
}

}  // namespace

TEST_CASE("gemm agrees with the plain loops for any sizes and transposes, whatever the number of threads",
          "[ops][gemm]") {
  struct Sizes {
    std::int64_t m, n, k;
  };
  for (const Sizes& s : {Sizes{1, 1, 1}, Sizes{2, 3, 4}, Sizes{13, 31, 7}, Sizes{14, 32, 257}, Sizes{15, 33, 512},
                         Sizes{97, 65, 300}, Sizes{200, 300, 20}, Sizes{3, 5, 0}}) {
    check_all<float>(s.m, s.n, s.k);
    check_all<double>(s.m, s.n, s.k);
  }
}

TEST_CASE("gemm agrees with the plain loops for few rows and a large b, as a dense layer has them", "[ops][gemm]") {
  for (const std::int64_t m : {1, 2, 7, 30}) {
    check_all<float>(m, 100, 3000);
    check_all<float>(m, 1, 5000);
    check_all<double>(m, 17, 999);
  }
}

TEST_CASE("gemm names its matrices when their sizes do not fit", "[ops][gemm]") {
  const Cpu on(1);
  std::vector<float> cells(12);
  const MatrixView<const float> a{cells.data(), 2, 3, 3}, b{cells.data(), 4, 2, 2};
  CHECK_THROWS_WITH(gemm<float>(on, a, b, {}, {cells.data(), 2, 2, 2}, {}, {}),
                    Catch::Contains("a (2, 3)") && Catch::Contains("b (4, 2)") && Catch::Contains("c (2, 2)"));
}
