// SPDX-License-Identifier: MIT
#include "brindle/nn/classification_metrics.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

constexpr float no_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("the worst mistakes come first: those that the model was surest of", "[nn][classification_metrics]") {
  // right, wrong and sure of 1, wrong and less sure of 0, wrong and surest of 0
  const auto p = tensor_of({4, 1}, {0.9f, 0.95f, 0.4f, 0.01f});
  const auto labels = tensor_of({4, 1}, {1, 0, 1, 1});
  const std::vector<Mistake> all = worst_mistakes(p, labels, 9);
  REQUIRE(all.size() == 3);
  CHECK(all[0].row == 3);
  CHECK(all[0].label == 1);
  CHECK(all[0].predicted == 0);
  CHECK(all[0].probability == Approx(0.99));
  CHECK(all[1].row == 1);
  CHECK(all[1].probability == Approx(0.95));
  CHECK(all[2].row == 2);
  CHECK(all[2].probability == Approx(0.6));
  CHECK(worst_mistakes(p, labels, 1).size() == 1);
  CHECK(worst_mistakes(p, labels, 1)[0].row == 3);
}

TEST_CASE("the probability of a mistake among several classes is that of the class taken for it",
          "[nn][classification_metrics]") {
  const auto p = tensor_of({3, 3}, {0.2f, 0.5f, 0.3f, 0.1f, 0.1f, 0.8f, 1, 0, 0});
  const std::vector<Mistake> all = worst_mistakes(p, tensor_of({3, 1}, {0, 1, 0}), 5);
  REQUIRE(all.size() == 2);
  CHECK(all[0].row == 1);
  CHECK(all[0].predicted == 2);
  CHECK(all[0].probability == Approx(0.8));
  CHECK(all[1].row == 0);
  CHECK(all[1].probability == Approx(0.5));
}

TEST_CASE("logits become the classes that their probabilities would", "[nn][classification_metrics]") {
  const auto logits = tensor_of({4, 1}, {.3f, .4f, -.3f, -2}), labels = tensor_of({4, 1}, {1, 1, 0, 0});
  const OutputOptions told{.from_logits = true};
  CHECK(predicted_classes<float>(logits.view(), told) == std::vector<std::int64_t>{1, 1, 0, 0});
  const ConfusionMatrix m = confusion_matrix(logits, labels, told);
  CHECK(m.count(0, 0) == 2);
  CHECK(m.count(1, 1) == 2);
  const auto wrong = worst_mistakes(logits, tensor_of({4, 1}, {0, 1, 1, 1}), 9, told);
  REQUIRE(wrong.size() == 3);
  CHECK(wrong[0].row == 3);
  CHECK(wrong[0].probability == Approx(1 / (1 + std::exp(-2.0))));
  CHECK(wrong[1].probability == Approx(1 / (1 + std::exp(-0.3))).epsilon(1e-6));
  const auto rows = tensor_of({2, 3}, {1, 5, 2, 800, -3, 100});
  CHECK(predicted_classes<float>(rows.view(), told) == std::vector<std::int64_t>{1, 0});
  const auto mistakes = worst_mistakes(rows, tensor_of({2, 1}, {0, 1}), 9, told);
  REQUIRE(mistakes.size() == 2);
  CHECK(mistakes[0].row == 1);
  CHECK(mistakes[0].probability == 1);
  CHECK(mistakes[1].probability == Approx(std::exp(5.0) / (std::exp(1.0) + std::exp(5.0) + std::exp(2.0))));
  CHECK(roc_auc(logits.span(), labels.span()) == 1);
}

TEST_CASE("outputs that cannot be probabilities are refused by name, and NaN in logits too",
          "[nn][classification_metrics][errors]") {
  const auto labels = tensor_of({2, 1}, {0, 1});
  for (const float bad : {1.5f, -0.1f, no_number, infinity, -infinity}) {
    const auto outputs = tensor_of({2, 1}, {0.5f, bad});
    CHECK_THROWS_WITH(predicted_classes<float>(outputs.view()), Contains("sample 1"));
    CHECK_THROWS_WITH(confusion_matrix(outputs, labels), Contains("sample 1"));
    CHECK_THROWS_AS(worst_mistakes(outputs, labels, 3), DataError);
    if (std::isfinite(bad)) {
      CHECK_THROWS_WITH(confusion_matrix(outputs, labels), Contains("sigmoid") && Contains(".from_logits = true"));
      CHECK_NOTHROW(confusion_matrix(outputs, labels, {.from_logits = true}));
    } else {
      CHECK_THROWS_WITH(confusion_matrix(outputs, labels, {.from_logits = true}), Contains("no finite number"));
      CHECK_THROWS_AS(worst_mistakes(tensor_of({2, 2}, {0, 1, bad, 0}), labels, 3, {.from_logits = true}), DataError);
    }
  }
}

TEST_CASE("labels that are no classes are refused, as scikit-learn does", "[nn][classification_metrics][errors]") {
  const auto outputs = tensor_of({2, 1}, {0.2f, 0.8f}), three = tensor_of({2, 3}, {1, 0, 0, 0, 1, 0});
  for (const float bad : {0.9f, -1.0f, 2.0f, no_number, infinity}) {
    const auto labels = tensor_of({2, 1}, {0, bad});
    CHECK_THROWS_WITH(confusion_matrix(outputs, labels), Contains("label 1 is") && Contains("from 0 to 1"));
    CHECK_THROWS_WITH(worst_mistakes(outputs, labels, 3), Contains("label 1 is"));
    CHECK_THROWS_WITH(roc_auc(outputs.span(), labels.span()), Contains("label 1 is") && Contains("expected 0 or 1"));
  }
  CHECK_THROWS_AS(confusion_matrix(three, tensor_of({2, 1}, {1.5f, 0})), DataError);
  CHECK_THROWS_WITH(confusion_matrix(three, three), Contains("the number of each sample's class"));
}

TEST_CASE("the area under the curve ends with an error for scores that are no numbers",
          "[nn][classification_metrics][errors]") {
  for (const float bad : {no_number, infinity, -infinity})
    CHECK_THROWS_WITH(roc_auc(std::vector<float>{.1f, bad, .3f, .4f}, std::vector<float>{0, 1, 0, 1}),
                      Contains("score 1 is"));
}

TEST_CASE("the probability of a mistake among logits of a sigmoid each is its sigmoid",
          "[nn][classification_metrics]") {
  const auto logits = tensor_of({1, 3}, {4, 3, -5});
  const auto probability = [&](const OutputOptions& o) {
    return worst_mistakes(logits, tensor_of({1, 1}, {1}), 1, o)[0].probability;
  };
  CHECK(probability({.from_logits = true, .each_output = true}) == Approx(1 / (1 + std::exp(-4.0))));
  CHECK(probability({.from_logits = true}) == Approx(1 / (1 + std::exp(-1.0) + std::exp(-9.0))));
}
