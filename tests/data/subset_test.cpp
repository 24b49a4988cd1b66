// SPDX-License-Identifier: MIT
#include "brindle/data/subset.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/data/mixed.hpp"
#include "brindle/data/with_labels.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/train/cross_validate.hpp"
#include "brindle/train/distilled_labels.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// 20 samples of class 0, 7 of class 1, 3 of class 2, in turn as long as there are some.
data::InMemory thirty_samples() {
  Tensor<float> x = random_tensor<float>({30, 4}, 3), labels({30, 1});
  int left[] = {20, 7, 3};
  for (std::int64_t i = 0; i < 30;)
    for (int c = 0; c < 3; ++c)
      if (left[c]-- > 0) labels[i++] = static_cast<float>(c);
  return data::InMemory(std::move(x), std::move(labels), {"a", "b", "c"});
}

std::vector<std::int64_t> counts(const data::Source& source) {
  std::vector<std::int64_t> of(3);
  for (const float label : source.labels().span()) ++of[static_cast<std::size_t>(label)];
  return of;
}

}  // namespace

TEST_CASE("a subset is the samples that were named, in their order, with their labels and uses", "[data][subset]") {
  const data::InMemory source = thirty_samples();
  const data::Subset part(source, {7, 3, 3, 29});
  CHECK(part.size() == 4);
  CHECK(part.describe(1) == source.describe(3));
  CHECK(part.labels().data[0] == source.labels().data[7]);
  const std::vector<data::Draw> draws{{3, 5}, {0, 9}};
  Tensor<float> x({2, 4}), expected({2, 4}), t({2, 1});
  part.read(Cpu(1), draws, x.view());
  source.read(Cpu(1), std::vector<data::Draw>{{29, 5}, {7, 9}}, expected.view());
  CHECK(same_bits(x, expected));
  part.read_labels(draws, t.view());
  CHECK(t[1] == source.labels().data[7]);
  CHECK(part.fingerprint(Cpu(1)) != data::Subset(source, {7, 3, 29, 3}).fingerprint(Cpu(1)));
  CHECK_THROWS_WITH(data::Subset(source, {30}), Contains("data::Subset: expected rows from 0 to 29, got 30"));
  CHECK_THROWS_WITH(data::Subset(source, {}), Contains("data::Subset: expected at least one row"));
  // What is mixed in a subset has the mixture's labels, too.
  const data::Mixed mixed(source, {.mixup = 1});
  const data::Subset of_mixed(mixed, {1, 2});
  Tensor<float> rows({2, 3}), mixed_rows({2, 3});
  of_mixed.read_labels(std::vector<data::Draw>{{0, 4}, {1, 5}}, rows.view());
  mixed.read_labels(std::vector<data::Draw>{{1, 4}, {2, 5}}, mixed_rows.view());
  CHECK(same_bits(rows, mixed_rows));
}

TEST_CASE("a split keeps every class in both parts, or says which it would lose", "[data][subset]") {
  const data::InMemory source = thirty_samples();
  const auto [training, holdout] = data::split(source, 0.1, 5);
  CHECK(counts(training) == std::vector<std::int64_t>{18, 6, 2});
  CHECK(counts(holdout) == std::vector<std::int64_t>{2, 1, 1});
  std::set<std::int64_t> all(training.rows().begin(), training.rows().end());
  all.insert(holdout.rows().begin(), holdout.rows().end());
  CHECK(all.size() == 30);
  CHECK(data::split(source, 0.1, 5).second.rows() == holdout.rows());
  CHECK(data::split(source, 0.1, 6).second.rows() != holdout.rows());
  CHECK(counts(data::split(source, 0.95, 5).first) == std::vector<std::int64_t>{1, 1, 1});
  const data::Subset lonely(source, {0, 1, 2, 3});
  CHECK_THROWS_WITH(data::split(lonely, 0.5, 1),
                    Contains("data::split: class b has one sample, so that one of the parts"));
  CHECK_THROWS_WITH(data::split(source, 1, 1), Contains("expected a share between 0 and 1, got 1"));
}

TEST_CASE("balanced samples have each class as often as the largest, all of its samples", "[data][subset]") {
  const data::InMemory source = thirty_samples();
  const data::Subset even = data::balanced(source, 3);
  CHECK(counts(even) == std::vector<std::int64_t>{20, 20, 20});
  CHECK(std::set<std::int64_t>(even.rows().begin(), even.rows().end()).size() == 30);
  Sequential<float> model{{4}, Dense{3, softmax}};
  Trainer trainer{model, SGD{}, SparseCategoricalCrossentropy{}};
  CHECK(trainer.fit(data::balanced(source, 3), {.batch = 10, .epochs = 2}).epochs() == 2);
  const data::WithLabels halves(source, random_tensor<float>({30, 1}, 1, 0.1, 0.9));
  CHECK_THROWS_WITH(data::balanced(halves, 1),
                    Contains("data::balanced: sample 0 has label 0.") && Contains("no class number"));
}

TEST_CASE("each sample is predicted by a model that has not seen it", "[data][train][cross_validate]") {
  const data::InMemory source = thirty_samples();
  std::int64_t folds = 0;
  const Tensor<float> outputs = cross_validate(source,
                                               [&](const data::Source& training, const data::Source& rest) {
                                                 ++folds;
                                                 CHECK(training.size() + rest.size() == 30);
                                                 CHECK(counts(rest)[2] == 1);
                                                 // "Outputs" that tell which sample was predicted, and how many were
                                                 // trained on.
                                                 Tensor<float> y({rest.size(), 2}), x({rest.size(), 4});
                                                 std::vector<data::Draw> draws;
                                                 for (std::int64_t i = 0; i < rest.size(); ++i) draws.push_back({i, 0});
                                                 rest.read(Cpu(1), draws, x.view());
                                                 for (std::int64_t i = 0; i < rest.size(); ++i)
                                                   y[2 * i] = x[4 * i], y[2 * i + 1] = 1;
                                                 return y;
                                               },
                                               {.folds = 3, .seed = 2});
  CHECK(folds == 3);
  REQUIRE(outputs.shape() == Shape{30, 2});
  Tensor<float> x({30, 4});
  std::vector<data::Draw> all;
  for (std::int64_t i = 0; i < 30; ++i) all.push_back({i, 0});
  source.read(Cpu(1), all, x.view());
  for (std::int64_t i = 0; i < 30; ++i) {
    CHECK(outputs[2 * i] == x[4 * i]);
    CHECK(outputs[2 * i + 1] == 1);
  }
  CHECK_THROWS_WITH(
      cross_validate(source,
                     [](const data::Source&, const data::Source&) {
                       return Tensor<float>({2, 1});
                     }),
      Contains("cross_validate: fold 1 of 5: expected a row of outputs for each of 6 samples, got (2, 1)"));
}

TEST_CASE("labels of a teacher are softer with a larger temperature, and share with the class", "[train][distilled]") {
  Tensor<float> p({2, 3}), labels({2, 1});
  p[0] = 0.9f, p[1] = 0.09f, p[2] = 0.01f, p[3] = 0.2f, p[4] = 0.3f, p[5] = 0.5f;
  labels[1] = 2;
  const Tensor<float> plain = distilled_labels(p, labels, {.temperature = 1, .share = 1});
  check_close("plain", plain, p, 1e-6);
  const Tensor<float> soft = distilled_labels(p, labels, {.temperature = 2, .share = 1});
  const double roots = std::sqrt(0.9) + 0.3 + 0.1;  // over T = 2 probabilities become their square roots
  CHECK(static_cast<double>(soft[0]) == Approx(std::sqrt(0.9) / roots));
  CHECK(static_cast<double>(soft[2]) == Approx(0.1 / roots));
  const Tensor<float> shared = distilled_labels(p, labels, {.temperature = 2, .share = 0.25});
  CHECK(static_cast<double>(shared[0]) == Approx(0.25 * std::sqrt(0.9) / roots + 0.75));
  CHECK(static_cast<double>(shared[2]) == Approx(0.025 / roots));
  Tensor<float> z({1, 2}), one({1, 1});
  z[0] = 4;
  CHECK(static_cast<double>(distilled_labels(z, one, {.temperature = 4, .share = 1}, {.from_logits = true})[0]) ==
        Approx(1 / (1 + std::exp(-1.0))));
  CHECK_THROWS_WITH(distilled_labels(z, one), Contains("distilled_labels"));
  CHECK_THROWS_WITH(distilled_labels(p, labels, {.temperature = 0}),
                    Contains("temperature must be 0.01 to 100, got 0"));
  labels[0] = 3;
  CHECK_THROWS_WITH(distilled_labels(p, labels), Contains("sample 0 has label 3, expected a class from 0 to 2"));
}
