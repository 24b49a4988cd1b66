// SPDX-License-Identifier: MIT
#include "brindle/ops/batch_normalization/batch_normalization.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "brindle/ops/batch_normalization/cuda_kernels.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

constexpr double epsilon = 1e-3;
const Shape shapes[] = {{1, 1}, {5, 7}, {2, 3, 4, 16}, {37, 33}, {3, 5, 515}, {4, 40, 41, 3}, {2, 20000}};

template <class T>
Tensor<std::byte> workspace_for(const Cpu& on, const Shape& x) {
  return unwritten<std::byte>({ops::batch_normalization_workspace<T>(on, x)});
}

}  // namespace

TEMPLATE_TEST_CASE("statistics of a batch agree with their reference, far from zero too", "[ops][batch_normalization]",
                   float, double) {
  const double share = reordered_sum.of<TestType>();
  for (const Shape& shape : shapes)
    for (const double centre : {0.0, 1000.0}) {
      INFO(to_string(shape) << " around " << centre);
      const auto x = random_tensor<TestType>(shape, 1, centre - 1, centre + 1);
      const Shape c{shape.back()};
      Tensor<TestType> mean = unwritten<TestType>(c), variance = unwritten<TestType>(c), mean_(c), variance_(c);
      ops::reference::batch_statistics<TestType>(x, mean_, variance_);
      const auto run = [&](int threads) {
        const Cpu on(threads);
        ops::batch_statistics<TestType>(on, x, mean, variance, workspace_for<TestType>(on, shape));
      };
      run(3);
      check_close("mean", mean, mean_, share);
      check_close("variance", variance, variance_, 1000 * share);  // rounding of x - mean, of numbers near 1000
      const Tensor<TestType> m = mean.clone(), v = variance.clone();
      run(1);
      CHECK(same_bits(m, mean));
      CHECK(same_bits(v, variance));
    }
}

TEMPLATE_TEST_CASE("batch_normalization agrees with its reference, and the GPU's kernels with it",
                   "[ops][batch_normalization]", float, double) {
  using T = TestType;
  const Cpu on(3);
  const double share = 4 * reordered_sum.of<T>();
  for (const Shape& shape : shapes)
    for (const bool with : {true, false})
      for (const bool of_batch : {true, false}) {
        INFO(to_string(shape) << (with ? "" : " alone") << (of_batch ? " of the batch" : " of moving averages"));
        const std::int64_t c = shape.back(), rows = shape.size() / c;
        const auto x = random_tensor<T>(shape, 1, 4, 6), dy = random_tensor<T>(shape, 2), g = random_tensor<T>({c}, 3),
                   b = random_tensor<T>({c}, 4);
        Tensor<T> mean = random_tensor<T>({c}, 5), variance = random_tensor<T>({c}, 6, 0.5, 2);
        if (of_batch) ops::reference::batch_statistics<T>(x, mean, variance);
        const TensorView<const T> gamma = with ? g.view() : TensorView<const T>{},
                                  beta = with ? b.view() : TensorView<const T>{};
        Tensor<T> y = unwritten<T>(shape), dx = unwritten<T>(shape), dg = unwritten<T>({c}), db = unwritten<T>({c}),
                  y_(shape), dx_(shape), dg_({c}), db_({c});
        ops::reference::batch_normalization<T>(x, mean, variance, gamma, beta, y_, epsilon);
        ops::reference::batch_normalization_backward<T>(of_batch, x, mean, variance, gamma, dy, dx_, dg_, db_, epsilon);
        ops::batch_normalization<T>(on, x, mean, variance, gamma, beta, y, epsilon);
        Tensor<std::byte> workspace = workspace_for<T>(on, shape);
        ops::batch_normalization_backward<T>(on, of_batch, x, mean, variance, gamma, dy, dx, dg, db, epsilon,
                                             workspace);
        check_close("y", y, y_, share);
        check_close("dx", dx, dx_, share, 20 * share);
        check_close("dgamma", dg, dg_, share);
        check_close("dbeta", db, db_, share);
        Tensor<T> in_place = x.clone(), d_in_place = dy.clone();
        ops::batch_normalization<T>(Cpu(1), in_place, mean, variance, gamma, beta, in_place, epsilon);
        ops::batch_normalization_backward<T>(Cpu(1), of_batch, x, mean, variance, gamma, d_in_place, d_in_place, {}, {},
                                             epsilon, workspace);
        CHECK(same_bits(in_place, y));
        CHECK(same_bits(d_in_place, dx));

        Tensor<T> gpu_y = unwritten<T>(shape), gpu_dx = unwritten<T>(shape), scales = unwritten<T>(shape);
        const T small = static_cast<T>(epsilon);
        const ops::kernel::BatchNormalizationForward<T> forward{
            x.data(), mean.data(), variance.data(), gamma.data, beta.data, gpu_y.data(), c, small};
        const ops::kernel::BatchNormalizationScales<T> scale{
            x.data(), mean.data(), variance.data(), dy.data(), scales.data(), c, small};
        const ops::kernel::BatchNormalizationBackward<T> backward{x.data(),
                                                                  mean.data(),
                                                                  variance.data(),
                                                                  gamma.data,
                                                                  dy.data(),
                                                                  of_batch ? dg.data() : nullptr,
                                                                  of_batch ? db.data() : nullptr,
                                                                  gpu_dx.data(),
                                                                  c,
                                                                  static_cast<T>(rows),
                                                                  small};
        for (std::int64_t i = shape.size() - 1; i >= 0; --i) forward(i), scale(i), backward(i);
        Tensor<T> sums({c});
        for (std::int64_t i = 0; i < shape.size(); ++i) sums[i % c] += scales[i];
        check_close("y of the GPU's kernel", gpu_y, y_, share);
        check_close("dx of the GPU's kernel", gpu_dx, dx_, share, 20 * share);
        check_close("dgamma of the GPU's kernel", sums, dg_, 10 * share);
      }
}

TEST_CASE("batch_normalization's gradients are those of its output", "[ops][batch_normalization][gradient]") {
  const Cpu on(2);
  const Shape shape{3, 2, 5, 4}, c{4};
  Tensor<double> x = random_tensor<double>(shape, 1, -1, 3), gamma = random_tensor<double>(c, 2),
                 beta = random_tensor<double>(c, 3), mean(c), variance(c), y(shape);
  const Tensor<double> dy = random_tensor<double>(shape, 4);
  Tensor<std::byte> workspace = workspace_for<double>(on, shape);
  const auto loss = [&] {
    ops::batch_statistics<double>(on, x, mean, variance, workspace);
    ops::batch_normalization<double>(on, x, mean, variance, gamma, beta, y, epsilon);
    return inner_product(y, dy);
  };
  loss();
  Tensor<double> dx(shape), dgamma(c), dbeta(c);
  ops::batch_normalization_backward<double>(on, true, x, mean, variance, gamma, dy, dx, dgamma, dbeta, epsilon,
                                            workspace);
  check_gradient("dx", x, dx, loss);
  check_gradient("dgamma", gamma, dgamma, loss);
  check_gradient("dbeta", beta, dbeta, loss);
}

TEST_CASE("a moving average keeps its momentum of itself", "[ops][batch_normalization]") {
  Tensor<float> value({2});
  value[0] = 1, value[1] = 5;
  const Tensor<float> now({2});
  ops::follow<float>(Cpu(1), value, now, 0.75);
  CHECK(value[0] == 0.75f);
  CHECK(value[1] == 3.75f);
}

TEST_CASE("batch_normalization refuses arrays that do not fit", "[ops][batch_normalization]") {
  const Cpu on(1);
  const Tensor<float> x({2, 3}), two({2}), three({3});
  Tensor<float> y({2, 3});
  CHECK_THROWS_WITH(ops::batch_normalization<float>(on, x, two, three, {}, {}, y, epsilon),
                    Contains("batch_normalization: expected an array of channels (3), got (2)"));
  CHECK_THROWS_WITH(ops::batch_normalization<float>(on, three, three, three, {}, {}, y, epsilon),
                    Contains("expected x (N, ..., C)"));
  Tensor<float> mean({3}), variance({3});
  CHECK_THROWS_AS(ops::batch_statistics<float>(on, x, mean, variance, {}), ShapeError);
}
