// SPDX-License-Identifier: MIT
#include "brindle/report/classification_report.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/metrics.hpp"
#include "support/golden.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

TEST_CASE("metrics and report are scikit-learn's", "[report][metrics][golden]") {
  const Golden golden("report.npz");
  REQUIRE(golden.cases().size() == 2);
  for (const std::string& name : golden.cases()) {
    INFO(name);
    const auto scores = golden.get<float>(name + ".scores");
    const auto labels = golden.get<std::int64_t>(name + ".labels");
    const auto expected = golden.get<std::int64_t>(name + ".predicted");
    const std::int64_t n = scores.size();
    const auto predicted = predicted_classes<float>(scores.view().reshape({n, 1}));
    ConfusionMatrix matrix(2);
    for (std::int64_t i = 0; i < n; ++i) {
      CHECK(predicted[static_cast<std::size_t>(i)] == expected[i]);
      matrix.add(labels[i], predicted[static_cast<std::size_t>(i)]);
    }
    const auto confusion = golden.get<std::int64_t>(name + ".confusion");
    for (std::int64_t k = 0; k < 4; ++k) CHECK(matrix.count(k / 2, k % 2) == confusion[k]);

    const ClassificationMetrics m(matrix);
    const auto near = [](double value) { return Approx(value).epsilon(0).margin(1e-12); };
    const auto weighted = golden.get<double>(name + ".weighted"), macro = golden.get<double>(name + ".macro");
    CHECK(m.accuracy == near(weighted[0]));
    CHECK(m.weighted.precision == near(weighted[1]));
    CHECK(m.weighted.recall == near(weighted[2]));
    CHECK(m.weighted.f1 == near(weighted[3]));
    CHECK(m.macro.precision == near(macro[0]));
    CHECK(m.macro.recall == near(macro[1]));
    CHECK(m.macro.f1 == near(macro[2]));
    const auto per_class = golden.get<double>(name + ".per_class");
    const auto support = golden.get<std::int64_t>(name + ".support");
    for (std::int64_t c = 0; c < 2; ++c) {
      const ClassScore& s = m.classes[static_cast<std::size_t>(c)];
      CHECK(s.precision == near(per_class[c]));
      CHECK(s.recall == near(per_class[2 + c]));
      CHECK(s.f1 == near(per_class[4 + c]));
      CHECK(s.support == support[c]);
    }
    const Tensor<float> t = converted<float>(labels);
    CHECK(static_cast<float>(detail::correct_samples<float>(scores.view().reshape({n, 1}), t.view().reshape({n, 1})) /
                             static_cast<double>(n)) == golden.get<float>(name + ".keras_accuracy")[0]);

    std::ifstream in(std::string(BRINDLE_GOLDENS) + "/tables/report_" + name + ".txt");
    std::stringstream text;
    text << in.rdbuf();
    CHECK(report::classification_report(matrix, {"cat", "dog"}) == text.str());
  }
}

TEST_CASE("the area under the curve counts pairs in the right order", "[metrics]") {
  const std::vector<float> labels{0, 0, 1, 1};
  CHECK(roc_auc(std::vector<float>{0.1f, 0.2f, 0.8f, 0.9f}, labels) == 1.0);
  CHECK(roc_auc(std::vector<float>{0.9f, 0.8f, 0.2f, 0.1f}, labels) == 0.0);
  CHECK(roc_auc(std::vector<float>{0.5f, 0.5f, 0.5f, 0.5f}, labels) == 0.5);
  CHECK(roc_auc(std::vector<float>{0.1f, 0.4f, 0.35f, 0.8f}, labels) == 0.75);  // scikit-learn's example
  CHECK_THROWS_WITH(roc_auc(std::vector<float>{0.1f, 0.2f}, std::vector<float>{1, 1}), Contains("both classes"));
  CHECK_THROWS_AS(roc_auc(std::vector<float>{0.1f}, labels), ShapeError);
}

TEST_CASE("a confusion matrix refuses classes that it does not have", "[metrics]") {
  ConfusionMatrix m(3);
  CHECK_THROWS_WITH(m.add(3, 0), Contains("class 3") && Contains("0 to 2"));
  CHECK_THROWS_AS(m.add(0, -1), DataError);
  CHECK_THROWS_AS(ConfusionMatrix(1), ValueError);
  CHECK_THROWS_WITH(report::classification_report(m, {"a", "b"}), Contains("2 names for 3 classes"));
  CHECK(ClassificationMetrics(m).accuracy == 0);
}
