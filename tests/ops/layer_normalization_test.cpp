// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>

#include "brindle/ops/layer_normalization/cuda_kernels.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

constexpr double small_variance = 1e-3;

template <class T>
Tensor<std::byte> workspace_of_rows(const Shape& x) {
  return unwritten<std::byte>({ops::layer_normalization_workspace<T>(Cpu(1), x)});
}

}  // namespace

TEMPLATE_TEST_CASE("layer_normalization agrees with its reference, and the GPU's kernels with it",
                   "[ops][layer_normalization]", float, double) {
  const Cpu on(2);
  for (const Shape& shape : {Shape{1, 1}, Shape{5, 7}, Shape{2, 3, 4, 16}, Shape{37, 33}, Shape{3, 515}})
    for (const bool with : {true, false}) {
      INFO(to_string(shape) << (with ? "" : " alone"));
      const std::int64_t k = shape.back(), rows = shape.size() / k;
      const Tensor<TestType> x = random_tensor<TestType>(shape, 1, 4, 6), dy = random_tensor<TestType>(shape, 2),
                             g = random_tensor<TestType>({k}, 3), b = random_tensor<TestType>({k}, 4);
      const TensorView<const TestType> gamma = with ? g.view() : TensorView<const TestType>{},
                                       beta = with ? b.view() : TensorView<const TestType>{};
      Tensor<TestType> y = unwritten<TestType>(shape), dx = unwritten<TestType>(shape), dg = unwritten<TestType>({k}),
                       db = unwritten<TestType>({k}), y_(shape), dx_(shape), dg_({k}), db_({k});
      Tensor<std::byte> workspace = workspace_of_rows<TestType>(shape);
      ops::reference::layer_normalization<TestType>(x, gamma, beta, y_, small_variance);
      ops::reference::layer_normalization_backward<TestType>(x, gamma, dy, dx_, dg_, db_, small_variance);
      ops::layer_normalization<TestType>(on, x, gamma, beta, y, small_variance);
      ops::layer_normalization_backward<TestType>(on, x, gamma, dy, dx, dg, db, small_variance, workspace);
      const double share = reordered_sum.of<TestType>();
      check_close("y", y, y_, share);
      check_close("dx", dx, dx_, share, share);
      check_close("dgamma", dg, dg_, share);
      check_close("dbeta", db, db_, share);
      Tensor<TestType> in_place = x.clone(), d_in_place = dy.clone();
      ops::layer_normalization<TestType>(on, in_place, gamma, beta, in_place, small_variance);
      ops::layer_normalization_backward<TestType>(on, x, gamma, d_in_place, d_in_place, {}, {}, small_variance,
                                                  workspace);
      CHECK(same_bits(in_place, y));
      CHECK(same_bits(d_in_place, dx));

      using T = TestType;
      Tensor<T> gpu_y = unwritten<T>(shape), gpu_dx = dy.clone(), scales = unwritten<T>(shape), sums({k});
      const ops::kernel::LayerNormalizationForward<T> forward{x.data(),     gamma.data, beta.data,
                                                              gpu_y.data(), k,          static_cast<T>(small_variance)};
      const ops::kernel::LayerNormalizationBackward<T> backward{
          x.data(), gamma.data, gpu_dx.data(), gpu_dx.data(), scales.data(), k, static_cast<T>(small_variance)};
      for (std::int64_t r = rows - 1; r >= 0; --r) forward(r), backward(r);
      for (std::int64_t i = 0; i < shape.size(); ++i) sums[i % k] += scales[i];
      check_close("y of the GPU's kernel", gpu_y, y_, share);
      check_close("dx of the GPU's kernel", gpu_dx, dx_, share, share);
      check_close("dgamma of the GPU's kernel", sums, dg_, share);
    }
}

TEST_CASE("layer_normalization's gradients are those of its output", "[ops][layer_normalization][gradient]") {
  const Cpu on(1);
  const Shape shape{4, 3, 5};
  Tensor<double> x = random_tensor<double>(shape, 1), gamma = random_tensor<double>({5}, 2),
                 beta = random_tensor<double>({5}, 3), y(shape), dx(shape), dgamma({5}), dbeta({5});
  const Tensor<double> dy = random_tensor<double>(shape, 4);
  Tensor<std::byte> workspace = workspace_of_rows<double>(shape);
  ops::layer_normalization_backward<double>(on, x, gamma, dy, dx, dgamma, dbeta, small_variance, workspace);
  const auto loss = [&] {
    ops::layer_normalization<double>(on, x, gamma, beta, y, small_variance);
    return inner_product(y, dy);
  };
  check_gradient("dx", x, dx, loss);
  check_gradient("dgamma", gamma, dgamma, loss);
  check_gradient("dbeta", beta, dbeta, loss);
}

TEST_CASE("layer_normalization has the same bits for any number of threads", "[ops][layer_normalization]") {
  const Shape shape{5, 40, 41, 24};
  const Tensor<float> x = random_tensor<float>(shape, 1), dy = random_tensor<float>(shape, 2),
                      gamma = random_tensor<float>({24}, 3);
  Tensor<std::byte> workspace = workspace_of_rows<float>(shape);
  Tensor<float> y(shape), dx(shape), dgamma({24}), dbeta({24});
  ops::layer_normalization<float>(Cpu(1), x, gamma, {}, y, small_variance);
  ops::layer_normalization_backward<float>(Cpu(1), x, gamma, dy, dx, dgamma, dbeta, small_variance, workspace);
  for (const int threads : {2, 3}) {
    Tensor<float> y2(shape), dx2(shape), dgamma2({24}), dbeta2({24});
    ops::layer_normalization<float>(Cpu(threads), x, gamma, {}, y2, small_variance);
    ops::layer_normalization_backward<float>(Cpu(threads), x, gamma, dy, dx2, dgamma2, dbeta2, small_variance,
                                             workspace);
    CHECK(same_bits(y, y2));
    CHECK(same_bits(dx, dx2));
    CHECK(same_bits(dgamma, dgamma2));
    CHECK(same_bits(dbeta, dbeta2));
  }
}

TEST_CASE("layer_normalization is exact for rows far from 0", "[ops][layer_normalization]") {
  // The mean of the squares less the square of the mean would be noise here.
  Tensor<float> x({1, 4}), y({1, 4});
  for (std::int64_t i = 0; i < 4; ++i) x[i] = 4096 + static_cast<float>(i);
  ops::layer_normalization<float>(Cpu(1), x, {}, {}, y, 1e-7);
  CHECK(y[0] == Approx(-1.3416408));
  CHECK(y[3] == Approx(1.3416408));
}

TEST_CASE("layer_normalization names what does not fit", "[ops][layer_normalization][errors]") {
  Tensor<float> x({2, 3}), two({2}), y({2, 4});
  CHECK_THROWS_WITH(ops::layer_normalization<float>(Cpu(1), x, two, {}, x, small_variance), Contains("gamma (3)"));
  CHECK_THROWS_WITH(ops::layer_normalization<float>(Cpu(1), x, {}, {}, y, small_variance), Contains("(2, 4)"));
  CHECK_THROWS_WITH(ops::layer_normalization_backward<float>(Cpu(1), x, {}, x, x, two, {}, small_variance, {}),
                    Contains("(3)") && Contains("(2)"));
}
