// SPDX-License-Identifier: MIT
#include "brindle/train/suggest_samples.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "brindle/core/error.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

struct Pool {
  Tensor<float> probabilities, features;
};

/// n samples of three classes, with features that point anywhere.
Pool pool_of(std::int64_t n) {
  Pool made{random_tensor<float>({n, 3}, 2), random_tensor<float>({n, 5}, 3)};
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::int64_t c = 0; c < 3; ++c) sum += std::exp(3 * static_cast<double>(made.probabilities[i * 3 + c]));
    for (std::int64_t c = 0; c < 3; ++c) {
      float& p = made.probabilities[i * 3 + c];
      p = static_cast<float>(std::exp(3 * static_cast<double>(p)) / sum);
    }
  }
  return made;
}

double distance(const Tensor<float>& a, std::int64_t i, const Tensor<float>& b, std::int64_t j) {
  double ab = 0, aa = 0, bb = 0;
  const std::int64_t width = a.shape()[1];
  for (std::int64_t f = 0; f < width; ++f) {
    const auto x = static_cast<double>(a[i * width + f]), y = static_cast<double>(b[j * width + f]);
    ab += x * y, aa += x * x, bb += y * y;
  }
  return 1 - ab / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("doubt is the margin or the entropy of the probabilities", "[train][suggest]") {
  Tensor<float> p({3, 3});
  const float values[] = {1, 0, 0, 0.5f, 0.3f, 0.2f, 1 / 3.0f, 1 / 3.0f, 1 / 3.0f};
  std::copy(std::begin(values), std::end(values), p.data());
  const auto margin = detail::predictions_with_doubt(p, Doubt::margin);
  CHECK(margin[0].doubt == 0);
  CHECK(margin[1].doubt == Approx(0.8));
  CHECK(margin[1].predicted == 0);
  CHECK(margin[1].probability == 0.5);
  CHECK(margin[2].doubt == Approx(1));
  const auto entropy = detail::predictions_with_doubt(p, Doubt::entropy);
  CHECK(entropy[0].doubt == 0);
  CHECK(entropy[1].doubt == Approx(-(0.5 * std::log(0.5) + 0.3 * std::log(0.3) + 0.2 * std::log(0.2)) / std::log(3.0)));
  CHECK(entropy[2].doubt == Approx(1));

  Tensor<float> one({2, 1});  // the probability of class 1
  one[0] = 0.9f, one[1] = 0.45f;
  const auto single = detail::predictions_with_doubt(one, Doubt::margin);
  CHECK(single[0].predicted == 1);
  CHECK(single[0].doubt == Approx(0.2));
  CHECK(single[1].predicted == 0);
  CHECK(single[1].probability == Approx(0.55));
}

TEST_CASE("one sample of each group of doubtful ones is suggested, the one in its middle", "[train][suggest]") {
  // Four groups of doubtful samples around the axes, of five each, the third nearest to the middle; sure ones
  // elsewhere.
  Pool pool{Tensor<float>({40, 2}), Tensor<float>({40, 5})};
  const float off[] = {0.5f, -0.45f, 0.02f, 0.3f, -0.35f};
  for (std::int64_t i = 0; i < 40; ++i) {
    const bool doubtful = i % 2 == 0;
    const std::int64_t g = i / 2 % 4, k = i / 8;
    const float p = doubtful ? 0.5f + 0.001f * static_cast<float>(k) : 0.99f;
    pool.probabilities[i * 2] = p;
    pool.probabilities[i * 2 + 1] = 1 - p;
    pool.features[i * 5 + (doubtful ? g : 4)] = 1;
    pool.features[i * 5 + (doubtful ? 4 : g)] = doubtful ? off[k] : 0.2f * static_cast<float>(k);
  }
  const auto suggested =
      suggest_samples(Cpu(1), pool.probabilities, pool.features, {}, {.count = 4, .doubtful = 5, .near_copy = 1});
  std::set<std::int64_t> rows;
  for (const Suggestion& s : suggested) rows.insert(s.row);
  CHECK(rows == std::set<std::int64_t>{16, 18, 20, 22});
  for (const Suggestion& s : suggested) CHECK(s.distance == Approx(distance(pool.features, 16, pool.features, 18)));

  // Where none is left over, all the most doubtful are taken, the most doubtful first.
  const auto eight =
      suggest_samples(Cpu(1), pool.probabilities, pool.features, {}, {.count = 8, .doubtful = 1, .near_copy = 1});
  REQUIRE(eight.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(eight[i].row == static_cast<std::int64_t>(2 * i));
}

TEST_CASE("suggestions tell how far the nearest labelled or suggested sample is", "[train][suggest]") {
  const Pool pool = pool_of(60);
  const Tensor<float> labelled = random_tensor<float>({4, 5}, 9);
  const auto suggested =
      suggest_samples(Cpu(1), pool.probabilities, pool.features, labelled, {.count = 6, .near_copy = 1});
  REQUIRE(suggested.size() == 6);
  for (const Suggestion& s : suggested) {
    double nearest = 2;
    for (const Suggestion& t : suggested)
      if (t.row != s.row) nearest = std::min(nearest, distance(pool.features, s.row, pool.features, t.row));
    for (std::int64_t m = 0; m < 4; ++m) nearest = std::min(nearest, distance(pool.features, s.row, labelled, m));
    CHECK(s.distance == Approx(nearest).margin(1e-6));
  }
  // All are among the 18 most doubtful, and the most doubtful comes first.
  auto ranked = detail::predictions_with_doubt(pool.probabilities, Doubt::margin);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.doubt > b.doubt; });
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(suggested[i].doubt >= ranked[17].doubt);
    if (i > 0) CHECK(suggested[i].doubt <= suggested[i - 1].doubt);
  }
}

TEST_CASE("of near copies one is suggested, and none of what is labelled already", "[train][suggest]") {
  Pool pool = pool_of(30);
  for (std::int64_t i = 0; i < 30; ++i)  // samples 0, 1, 2 are nearly the same, and so on
    for (std::int64_t f = 0; f < 5; ++f)
      pool.features[i * 5 + f] = pool.features[i / 3 * 15 + f] * 3 + 0.01f * static_cast<float>(i % 3);
  Tensor<float> labelled({1, 5});
  std::copy_n(pool.features.data() + 4 * 5, 5, labelled.data());  // of the samples 3, 4, 5
  const auto suggested = suggest_samples(Cpu(1), pool.probabilities, pool.features, labelled,
                                         {.count = 30, .doubtful = 1, .near_copy = 0.999});
  std::set<std::int64_t> groups;
  for (const Suggestion& s : suggested) CHECK(groups.insert(s.row / 3).second);
  CHECK(groups.count(1) == 0);
  CHECK(suggested.size() == 9);  // there are no more

  // Others stand in for those that are passed over.
  const auto six = suggest_samples(Cpu(1), pool.probabilities, pool.features, labelled,
                                   {.count = 6, .doubtful = 1, .near_copy = 0.999});
  CHECK(six.size() == 6);
}

TEST_CASE("suggestions are the same for any number of threads", "[train][suggest]") {
  const Pool pool = pool_of(300);
  const auto rows = [&](int threads) {
    std::vector<std::int64_t> all;
    for (const Suggestion& s : suggest_samples(Cpu(threads), pool.probabilities, pool.features, {}, {.count = 40}))
      all.push_back(s.row);
    return all;
  };
  CHECK(rows(1).size() == 40);
  CHECK(rows(2) == rows(1));
  CHECK(rows(3) == rows(1));
}

TEST_CASE("suggestions say what is wrong with options and data", "[train][suggest]") {
  Pool pool = pool_of(10);
  const auto with = [&](const SuggestOptions& o) { suggest_samples(Cpu(1), pool.probabilities, pool.features, {}, o); };
  CHECK_THROWS_WITH(with({.count = 0}), Contains("count of at least 1, got 0"));
  CHECK_THROWS_WITH(with({.doubtful = 0.5}), Contains("doubtful 1 to 1e9"));
  CHECK_THROWS_WITH(with({.near_copy = 0}), Contains("near copies above 0"));
  CHECK_THROWS_WITH(suggest_samples(Cpu(1), pool.probabilities, random_tensor<float>({9, 5}, 1), {}),
                    Contains("expected features (10, ...)") && Contains("(9, 5)"));
  CHECK_THROWS_WITH(suggest_samples(Cpu(1), pool.probabilities, pool.features, random_tensor<float>({2, 4}, 1)),
                    Contains("(2, 4)") && Contains("(10, 5)"));
  CHECK_THROWS_WITH(suggest_samples(Cpu(1), pool.features, pool.features, {}), Contains("expected 0 to 1"));
  pool.features[7] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(with({}), Contains("sample 1"));
}
