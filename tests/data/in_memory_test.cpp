// SPDX-License-Identifier: MIT
#include "brindle/data/in_memory.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

Tensor<float> counting(const Shape& shape) {
  Tensor<float> t(shape);
  for (std::int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(i);
  return t;
}

}  // namespace

TEST_CASE("InMemory gives its samples in the order asked for", "[data][in_memory]") {
  const std::vector<float> labels = {0, 1, 1};
  const data::InMemory samples(counting({3, 2, 2}), labels, {"cat", "dog"});
  CHECK(samples.size() == 3);
  CHECK(samples.sample_shape() == Shape{2, 2});
  CHECK(samples.labels().shape == Shape{3, 1});
  CHECK(samples.labels()[2] == 1.0f);
  CHECK(samples.class_names() == std::vector<std::string>{"cat", "dog"});
  const std::vector<data::Draw> draws = {{2, 0}, {0, 1}, {2, 2}};
  Tensor<float> x(Shape{3, 2, 2});
  samples.read(Cpu(2), draws, x);
  CHECK(std::vector<float>(x.span().begin(), x.span().end()) ==
        std::vector<float>{8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11});
  Tensor<double> d(Shape{3, 2, 2});
  samples.read(Cpu(2), draws, d.view());
  CHECK(d[3] == 11.0);
}

TEST_CASE("InMemory takes labels as a row, a column or a table", "[data][in_memory]") {
  CHECK(data::InMemory(counting({2, 3}), counting({2})).labels().shape == Shape{2, 1});
  CHECK(data::InMemory(counting({2, 3}), counting({2, 1})).labels().shape == Shape{2, 1});
  CHECK(data::InMemory(counting({2, 3}), counting({2, 4})).labels().shape == Shape{2, 4});
}

TEST_CASE("InMemory says what does not fit", "[data][in_memory]") {
  CHECK_THROWS_WITH(data::InMemory(counting({2, 3}), counting({3, 1})), Contains("(2, 3)") && Contains("(3, 1)"));
  CHECK_THROWS_AS(data::InMemory(Tensor<float>(Shape{0, 3}), Tensor<float>(Shape{0, 1})), ShapeError);
  CHECK_THROWS_AS(data::InMemory(Tensor<float>(), Tensor<float>()), ShapeError);
  Tensor<float> x = counting({4, 3});
  x[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(data::InMemory(std::move(x), counting({4, 1})), Contains("sample 2") && Contains("no finite"));
  CHECK_THROWS_WITH(data::InMemory(counting({3, 3}), counting({3}), {"cat", "dog"}),
                    Contains("sample 2 has label 2, but there are names for 2 classes"));
  CHECK_THROWS_WITH(data::InMemory(counting({2, 3}), counting({2, 3}), {"cat", "dog"}),
                    Contains("2 class names for labels of 3 columns"));
  const data::InMemory samples(counting({2, 3}), counting({2}));
  Tensor<float> out(Shape{1, 3});
  CHECK_THROWS_WITH(samples.read(Cpu(1), std::vector<data::Draw>{{2, 0}}, out), Contains("no sample 2 of 2"));
  CHECK_THROWS_WITH(samples.read(Cpu(1), std::vector<data::Draw>{{0, 0}, {1, 0}}, out),
                    Contains("(2, 3)") && Contains("(1, 3)"));
}
