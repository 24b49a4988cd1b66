// SPDX-License-Identifier: MIT
#include "brindle/train/similar_samples.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "brindle/core/error.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("similar samples are those that a comparison of each with each finds, over several blocks", "[train]") {
  Tensor<float> x = random_tensor<float>({700, 12}, 4);
  for (std::int64_t f = 0; f < 12; ++f) {
    x[699 * 12 + f] = 3 * x[2 * 12 + f];        // the same direction
    x[300 * 12 + f] = x[299 * 12 + f] + 0.01f;  // nearly the same
    x[500 * 12 + f] = 0;                        // like nothing
  }
  const double least = 0.9;
  std::vector<SimilarPair> expected;
  const auto product = [&](std::int64_t i, std::int64_t j) {
    double sum = 0;
    for (std::int64_t f = 0; f < 12; ++f)
      sum += static_cast<double>(x[i * 12 + f]) * static_cast<double>(x[j * 12 + f]);
    return sum;
  };
  for (std::int64_t i = 0; i < 700; ++i)
    for (std::int64_t j = i + 1; j < 700; ++j)
      if (const double cosine = product(i, j) / std::sqrt(product(i, i) * product(j, j)); cosine >= least)
        expected.push_back({i, j, cosine});
  const auto found = similar_samples(Cpu(2), x, least);
  REQUIRE(found.size() == expected.size());
  REQUIRE(found.size() > 2);
  CHECK(found[0].first == 2);
  CHECK(found[0].second == 699);
  CHECK(found[0].cosine == Approx(1));
  for (std::size_t k = 1; k < found.size(); ++k) CHECK(found[k - 1].cosine >= found[k].cosine);
  for (const SimilarPair& pair : expected) {
    const auto is = [&](const SimilarPair& other) { return other.first == pair.first && other.second == pair.second; };
    const auto at = std::find_if(found.begin(), found.end(), is);
    REQUIRE(at != found.end());
    CHECK(at->cosine == Approx(pair.cosine).margin(1e-6));
  }
  const auto one = similar_samples(Cpu(1), x, least);
  for (std::size_t k = 0; k < one.size(); ++k)
    CHECK((one[k].first == found[k].first && one[k].cosine == found[k].cosine));
}

TEST_CASE("copies of a sample have a cosine of 1, however its products are rounded", "[train]") {
  constexpr std::int64_t n = 200, features = 37;
  Tensor<float> x({2 * n, features});
  const Tensor<float> half = random_tensor<float>({n, features}, 9);
  for (std::int64_t copy = 0; copy < 2; ++copy)
    std::copy(half.span().begin(), half.span().end(), x.data() + copy * half.size());
  const auto pairs = similar_samples(Cpu(1), x, 1);
  REQUIRE(pairs.size() == n);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    CHECK(pairs[i].first == static_cast<std::int64_t>(i));
    CHECK(pairs[i].second == n + pairs[i].first);
    CHECK(pairs[i].cosine == 1);
  }
}

TEST_CASE("similar samples of what cannot be compared are refused", "[train]") {
  Tensor<float> x = random_tensor<float>({4, 3}, 1);
  CHECK_THROWS_AS(similar_samples(Cpu(1), Tensor<float>({4}), 0.5), ShapeError);
  CHECK_THROWS_WITH(similar_samples(Cpu(1), x, 0), Catch::Contains("least cosine above 0"));
  CHECK_THROWS_AS(similar_samples(Cpu(1), x, 1.5), ValueError);
  x[4] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(similar_samples(Cpu(1), x, 0.5), DataError);
  Tensor<float> alike({1500, 2});
  for (float& value : alike.span()) value = 1;
  CHECK_THROWS_WITH(similar_samples(Cpu(1), alike, 0.5), Catch::Contains("more than a million pairs"));
}
