// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "support/golden.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

template <class T>
struct DenseCase {
  const Cpu& on;
  Tensor<T> x, w, bias, dz;
  ActivationFunction f;
  Tensor<std::byte> workspace;
  Tensor<T> y, dx, dw, db;

  DenseCase(const Cpu& on_, std::int64_t n, std::int64_t i, std::int64_t o, ActivationFunction f_)
      : on(on_),
        x(random_tensor<T>({n, i}, 1)),
        w(random_tensor<T>({i, o}, 2)),
        bias(random_tensor<T>({o}, 3)),
        dz(random_tensor<T>({n, o}, 4)),
        f(f_),
        workspace(unwritten<std::byte>({ops::dense_workspace<T>(on, x.shape(), w.shape())})) {}

  void run() {
    y = unwritten<T>(dz.shape()), dx = unwritten<T>(x.shape()), dw = unwritten<T>(w.shape());
    db = unwritten<T>(bias.shape());
    ops::dense<T>(on, x, w, bias, y, f, workspace);
    ops::dense_backward_data<T>(on, dz, w, dx, workspace);
    ops::dense_backward_weights<T>(on, x, dz, dw, db, workspace);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("dense agrees with Keras", "[ops][dense][golden]", float, double) {
  const Golden golden("dense.npz");
  const Cpu on(2);
  int cases = 0;
  for (const std::string& name : golden.cases()) {
    if (!golden.has(name + ".kernel")) continue;  // the order of Flatten
    ++cases;
    const Tensor<std::int64_t> cfg = golden.get<std::int64_t>(name + ".cfg");
    const ActivationFunction f = cfg[0] == 0 ? linear : cfg[0] == 1 ? relu : sigmoid;
    const Tensor<TestType> x = golden.get<TestType>(name + ".x"), w = golden.get<TestType>(name + ".kernel");
    const Tensor<TestType> dy = golden.get<TestType>(name + ".dy");
    const Tensor<TestType> bias = cfg[1] ? golden.get<TestType>(name + ".bias") : Tensor<TestType>();
    Tensor<std::byte> workspace(Shape{ops::dense_workspace<TestType>(on, x.shape(), w.shape())});
    Tensor<TestType> y = unwritten<TestType>(dy.shape()), dz(dy.shape()), dx(x.shape()), dw(w.shape());
    Tensor<TestType> db({w.shape()[1]});
    ops::dense<TestType>(on, x, w, bias, y, f, workspace);
    ops::activation_backward<TestType>(on, f, y, dy, dz);
    ops::dense_backward_data<TestType>(on, dz, w, dx, workspace);
    ops::dense_backward_weights<TestType>(on, x, dz, dw, db, workspace);
    golden.check(name + ".y", y, dense_golden);
    golden.check(name + ".dx", dx, dense_golden);
    golden.check(name + ".dkernel", dw, dense_golden);
    if (cfg[1]) golden.check(name + ".dbias", db, dense_golden);
  }
  CHECK(cases > 5);
}

TEMPLATE_TEST_CASE("dense agrees with its reference at odd sizes", "[ops][dense]", float, double) {
  const Cpu on(3);
  for (const ActivationFunction f : {linear, relu, sigmoid, softmax})
    for (const std::int64_t n : {1, 17, 150, 300})
      for (const std::int64_t i : {1, 511, 1537})
        for (const std::int64_t o : {1, 17, 513}) {
          if (n > 17 && i > 1 && o > 17) continue;  // slow, and nothing new
          INFO(n << " " << i << " " << o << " " << to_string(f));
          DenseCase<TestType> c(on, n, i, o, f);
          c.run();
          Tensor<TestType> y(c.y.shape()), dx(c.dx.shape()), dw(c.dw.shape()), db(c.db.shape());
          ops::reference::dense<TestType>(c.x, c.w, c.bias, y, f);
          // exp() turns an error of the logit into as large a share of the result.
          check_close("y", c.y, y, (f == softmax ? 10 : 1) * reordered_sum.of<TestType>());
          if (f != linear) continue;
          ops::reference::dense_backward_data<TestType>(c.dz, c.w, dx);
          ops::reference::dense_backward_weights<TestType>(c.x, c.dz, dw, db);
          check_close("dx", c.dx, dx, reordered_sum.of<TestType>());
          check_close("dw", c.dw, dw, reordered_sum.of<TestType>());
          check_close("db", c.db, db, reordered_sum.of<TestType>());
        }
}

TEST_CASE("dense's gradients are those of its output", "[ops][dense][gradient]") {
  const Cpu on(1);
  for (const ActivationFunction f : {linear, sigmoid, softmax}) {
    DenseCase<double> c(on, 3, 7, 5, f);
    const Tensor<double> dy = random_tensor<double>(c.dz.shape(), 9);
    c.run();
    ops::activation_backward<double>(on, f, c.y, dy, c.dz);
    c.run();
    const Tensor<double> dx = c.dx.clone(), dw = c.dw.clone(), db = c.db.clone();
    const auto loss = [&] {
      c.run();
      return inner_product(c.y, dy);
    };
    check_gradient("dx", c.x, dx, loss);
    check_gradient("dw", c.w, dw, loss);
    check_gradient("db", c.bias, db, loss);
  }
}

TEST_CASE("dense_backward_update hands out the rows of dw and uses the old weights for dx", "[ops][dense]") {
  for (const int threads : {1, 2, 3}) {
    const Cpu on(threads);
    DenseCase<float> c(on, 17, 700, 130, linear);
    c.run();
    Tensor<float> w = c.w.clone(), dw = unwritten<float>(w.shape()), dx = unwritten<float>(c.x.shape());
    Tensor<float> db = unwritten<float>(c.db.shape());
    ops::dense_backward_update<float>(
        on, c.x, c.dz, w, dx, db,
        [&](std::int64_t first, TensorView<const float> block) {
          for (std::int64_t i = 0; i < block.size(); ++i) {
            dw[first * 130 + i] = block[i];
            w[first * 130 + i] = 0;
          }
        },
        c.workspace);
    CHECK(same_bits(dw, c.dw));
    CHECK(same_bits(dx, c.dx));
    CHECK(same_bits(db, c.db));
    for (const float value : w.span()) REQUIRE(value == 0);

    Tensor<float> again = unwritten<float>(w.shape());
    ops::dense_backward_update<float>(
        on, c.x, c.dz, w, {}, {},
        [&](std::int64_t first, TensorView<const float> block) {
          for (std::int64_t i = 0; i < block.size(); ++i) again[first * 130 + i] = block[i];
        },
        c.workspace);
    CHECK(same_bits(again, c.dw));
  }
}

TEST_CASE("dense gives the same bits for any number of threads", "[ops][dense][threads]") {
  const Cpu one(1);
  for (const std::int64_t n : {1, 30, 300}) {
    DenseCase<float> expected(one, n, 3000, 65, relu);
    expected.run();
    for (const int threads : {2, 3}) {
      const Cpu on(threads);
      DenseCase<float> c(on, n, 3000, 65, relu);
      c.run();
      CHECK(same_bits(c.y, expected.y));
      CHECK(same_bits(c.dx, expected.dx));
      CHECK(same_bits(c.dw, expected.dw));
      CHECK(same_bits(c.db, expected.db));
    }
  }
}

TEST_CASE("dense's errors name both shapes", "[ops][dense][errors]") {
  const Cpu on(1);
  Tensor<float> x({2, 3}), w({4, 5}), right({3, 5}), y({2, 4}), bias({4});
  CHECK_THROWS_WITH(ops::dense<float>(on, x, w, {}, y, linear, {}), Contains("(2, 3)") && Contains("(4, 5)"));
  CHECK_THROWS_WITH(ops::dense<float>(on, x, right, {}, y, linear, {}), Contains("(2, 5)") && Contains("(2, 4)"));
  Tensor<float> out({2, 5});
  CHECK_THROWS_WITH(ops::dense<float>(on, x, right, bias, out, linear, {}), Contains("(5)") && Contains("(4)"));
}
