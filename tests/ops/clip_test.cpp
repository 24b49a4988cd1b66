// SPDX-License-Identifier: MIT
#include "brindle/ops/clip/clip.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "brindle/ops/clip/cuda_kernels.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = brindle::ops::kernel;

namespace {

template <class T>
std::vector<Tensor<T>> gradients() {
  std::vector<Tensor<T>> all;
  for (const std::int64_t n : {1, 7, 16, 150, 16384, 40001})
    all.push_back(random_tensor<T>({n}, static_cast<std::uint64_t>(n), -1, 1));
  return all;
}

template <class T>
std::vector<TensorView<T>> views(std::vector<Tensor<T>>& all) {
  std::vector<TensorView<T>> v;
  for (auto& t : all) v.push_back(t.view());
  return v;
}

template <class T>
void clip(const Cpu& on, std::vector<Tensor<T>>& all, double limit, bool global) {
  const auto v = views(all);
  Tensor<double> workspace({ops::clip_workspace<T>(on, v)});
  if (global)
    ops::clip_by_global_norm<T>(on, v, limit, workspace.view());
  else
    ops::clip_by_norm<T>(on, v, limit, workspace.view());
}

}  // namespace

TEMPLATE_TEST_CASE("clip scales gradients as the reference, by their own norm or by that of all", "[ops][clip]", float,
                   double) {
  for (const bool global : {false, true})
    for (const double limit : {0.5, 3.0, 60.0}) {
      INFO("limit " << limit << (global ? " of all" : " of each"));
      auto got = gradients<TestType>(), expected = gradients<TestType>();
      clip(Cpu(2), got, limit, global);
      ops::reference::clip_by_norm<TestType>(views(expected), limit, global);
      for (std::size_t i = 0; i < got.size(); ++i)
        check_close("gradient", got[i], expected[i], std::is_same_v<TestType, double> ? 1e-12 : 1e-6);
      for (const int threads : {1, 3}) {
        auto other = gradients<TestType>();
        clip(Cpu(threads), other, limit, global);
        for (std::size_t i = 0; i < got.size(); ++i) CHECK(same_bits(got[i], other[i]));
      }
    }
}

TEST_CASE("clip leaves what is below the limit as it is, and makes NaN of what has no finite norm", "[ops][clip]") {
  auto all = gradients<float>();
  const auto before = gradients<float>();
  clip(Cpu(1), all, 1e6, true);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(same_bits(all[i], before[i]));
  all[1][0] = std::numeric_limits<float>::infinity();
  clip(Cpu(1), all, 1e6, false);
  CHECK(std::isnan(all[1][3]));
  CHECK(all[0][0] == before[0][0]);
  clip(Cpu(1), all, 1e6, true);
  CHECK(std::isnan(all[0][0]));
}

TEST_CASE("clip_by_value brings numbers into the limits, and NaN stays", "[ops][clip]") {
  Tensor<float> g = random_tensor<float>({37}, 1, -2, 2);
  g[5] = std::numeric_limits<float>::quiet_NaN();
  g[6] = -std::numeric_limits<float>::infinity();
  const Tensor<float> before = g.clone();
  Tensor<float> by_gpu = g.clone();
  ops::clip_by_value<float>(Cpu(2), g.view(), 0.75);
  for (std::int64_t i = 36; i >= 0; --i) kernel::ClipValue<float>{by_gpu.data(), 0.75f}(i);
  for (std::int64_t i = 0; i < 37; ++i) {
    if (i == 5) continue;
    CHECK(g[i] == std::min(0.75f, std::max(-0.75f, before[i])));
    CHECK(by_gpu[i] == g[i]);
  }
  CHECK(std::isnan(g[5]));
  CHECK(std::isnan(by_gpu[5]));
}

TEST_CASE("the GPU's clipping kernels sum and scale as the processor", "[ops][clip][cuda_kernels]") {
  const auto each = [](std::int64_t count, const auto& body) {
    for (std::int64_t i = count - 1; i >= 0; --i) body(i);
  };
  Tensor<float> g = random_tensor<float>({1000}, 3, -1, 1);
  double expected = 0;
  for (const float v : g.span()) expected += static_cast<double>(v) * static_cast<double>(v);
  std::vector<double> first(16), second(1), factors(2);
  each(16, kernel::StridedSums<float, true>{g.data(), first.data(), 1000, 16});
  each(1, kernel::StridedSums<double, false>{first.data(), second.data(), 16, 1});
  CHECK(second[0] == Approx(expected).epsilon(1e-12));
  const double sums[] = {second[0], 9.0};
  each(2, kernel::ClipFactors{sums, factors.data(), 2, 2.0, false});
  CHECK(factors[1] == Approx(2.0 / 3));
  each(2, kernel::ClipFactors{sums, factors.data(), 2, 2.0, true});
  CHECK(factors[1] == Approx(2.0 / std::sqrt(expected + 9)));
  CHECK(factors[0] == factors[1]);
  const Tensor<float> before = g.clone();
  each(1000, kernel::ScaleGradient<float>{g.data(), factors.data()});
  for (std::int64_t i = 0; i < 1000; ++i) CHECK(g[i] == before[i] * static_cast<float>(factors[0]));
}

TEST_CASE("clip names the workspace that is too small", "[ops][clip]") {
  auto all = gradients<float>();
  Tensor<double> workspace({3});
  CHECK_THROWS_WITH(ops::clip_by_norm<float>(Cpu(1), views(all), 1, workspace.view()),
                    Catch::Contains("clip: expected a workspace of at least") && Catch::Contains("numbers, got 3"));
}
