// SPDX-License-Identifier: MIT
#include "brindle/nn/answer_table.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "support/golden.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

TEST_CASE("a table of answers has the thresholds that are more often right than all lower ones", "[nn][answer_table]") {
  // Sure of 0.6 (wrong), 0.7 (right), 0.8 (wrong), 0.9 (right), twice, and 0.95 (right).
  const auto p = tensor_of({6, 1}, {0.6f, 0.7f, 0.2f, 0.9f, 0.9f, 0.95f});
  const AnswerTable table = answer_table(p, tensor_of({6, 1}, {0, 1, 1, 1, 1, 1}));
  CHECK(table.samples == 6);
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0] == AnswerThreshold{.probability = 0, .answered = 6, .right = 4});
  CHECK(table.rows[1].answered == 5);  // 4 of 5; without the one of 0.7 it would be 3 of 4
  CHECK(table.rows[1].probability == Approx(0.65));
  CHECK(table.rows[2].answered == 3);
  CHECK(table.rows[2].right == 3);
  CHECK(table.rows[2].probability == Approx(0.85));
  CHECK(table.at_least(0.5)->answered == 6);
  CHECK(table.at_least(0.8)->answered == 5);
  CHECK(table.at_least(0.995)->answered == 3);
  CHECK(table.at_least(1)->answered == 3);
  detail::check_answer_table("test", table);
}

TEST_CASE("the threshold of an accuracy is the smallest that reaches it, by trying all", "[nn][answer_table]") {
  const Golden golden("calibration.npz");
  const std::int64_t n = GENERATE(60, 400);  // of 400 some thresholds are left out
  const Tensor<float> all = golden.get<float>("ten_too_sure.logits"),
                      all_labels = golden.get<float>("ten_too_sure.labels");
  const TensorView<const float> view = all.view(), label_view = all_labels.view();
  const auto y = view.slice(0, n), labels = label_view.slice(0, n);
  std::vector<double> sure;
  std::vector<bool> right;
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    std::int64_t most = 0;
    for (std::int64_t c = 0; c < 10; ++c) {
      sum += std::exp(static_cast<double>(y.data[i * 10 + c]));
      if (y.data[i * 10 + c] > y.data[i * 10 + most]) most = c;
    }
    sure.push_back(std::exp(static_cast<double>(y.data[i * 10 + most])) / sum);
    right.push_back(static_cast<float>(most) == labels.data[i]);
  }
  const AnswerTable table = answer_table(y, labels, {.from_logits = true});
  CHECK((table.rows.size() == AnswerTable::most_rows) == (n == 400));
  for (const double wanted : {0.75, 0.8, 0.85, 0.9}) {
    INFO(wanted);
    std::int64_t best = 0;  // the most answers of any threshold
    for (std::int64_t i = 0; i < n; ++i) {
      std::int64_t answered = 0, found = 0;
      for (std::int64_t k = 0; k < n; ++k)
        if (sure[static_cast<std::size_t>(k)] >= sure[static_cast<std::size_t>(i)])
          ++answered, found += right[static_cast<std::size_t>(k)];
      if (static_cast<double>(found) >= wanted * static_cast<double>(answered)) best = std::max(best, answered);
    }
    const auto row = table.at_least(wanted);
    REQUIRE(row.has_value() == (best > 0));
    if (row) CHECK(row->answered <= best);
    if (row) CHECK(row->answered >= (n == 60 ? best : best * 9 / 10));
  }
}

TEST_CASE("an accuracy that was never reached has no threshold", "[nn][answer_table]") {
  const AnswerTable table = answer_table(tensor_of({2, 1}, {0.6f, 0.9f}), tensor_of({2, 1}, {1, 0}));
  CHECK_FALSE(table.at_least(0.9));
  CHECK(table.at_least(0.5)->answered == 2);
  CHECK_THROWS_WITH(table.at_least(0), Contains("above 0 and at most 1"));
  CHECK_THROWS_WITH(table.at_least(1.5), Contains("1.5"));
}

TEST_CASE("a table of many thresholds keeps the first, the last and forty in all", "[nn][answer_table]") {
  Tensor<float> p({2000, 1}), labels({2000, 1});
  for (std::int64_t i = 0; i < 2000; ++i) {
    p[i] = 0.5f + 0.0002f * static_cast<float>(i + 1);
    labels[i] = i < 1000 && i % 2 == 0 ? 0.0f : 1.0f;
  }
  const AnswerTable table = answer_table(p, labels);
  CHECK(table.rows.size() == 40);
  CHECK(table.rows.front().answered == 2000);
  CHECK(table.rows.back().accuracy() == 1);
  CHECK(table.rows.back().answered == 1001);
  detail::check_answer_table("test", table);
}

TEST_CASE("tables that cannot be are refused by their row", "[nn][answer_table]") {
  const auto check = [](AnswerTable t) { detail::check_answer_table("file", t); };
  const AnswerThreshold whole{.probability = 0, .answered = 10, .right = 5};
  CHECK_NOTHROW(check({.samples = 10, .rows = {whole, {.probability = 0.5, .answered = 4, .right = 4}}}));
  CHECK_THROWS_WITH(check({.samples = 9, .rows = {whole}}), Contains("file: row 0") && Contains("5 right of 10"));
  CHECK_THROWS_WITH(check({.samples = 10, .rows = {whole, whole}}), Contains("row 1"));
  CHECK_THROWS_WITH(check({.samples = 10, .rows = {whole, {.probability = 0.5, .answered = 5, .right = 2}}}),
                    Contains("row 1") && Contains("not above"));
  CHECK_THROWS_WITH(check({.samples = 10, .rows = {{.probability = 1.5, .answered = 10, .right = 5}}}),
                    Contains("1.5"));
  CHECK_THROWS_WITH(check({.samples = 10, .rows = {{.probability = 0.5, .answered = 0, .right = 0}}}),
                    Contains("0 right"));
  CHECK_THROWS_WITH(check({.samples = 10, .rows = std::vector<AnswerThreshold>(41, whole)}), Contains("41 rows"));
  CHECK_THROWS_WITH(answer_table(tensor_of({1, 2}, {0, 1}), tensor_of({1, 2}, {0, 1}), {.each_output = true}),
                    Contains("no single answer"));
}

TEST_CASE("answers that a classifier gives with the same probability are not told apart", "[nn][answer_table]") {
  // Both are 1 in float, and one of them is wrong.
  const AnswerTable one = answer_table(tensor_of({3, 1}, {1e-12f, 2e-8f, 0.7f}), tensor_of({3, 1}, {0, 1, 1}));
  for (const AnswerThreshold& row : one.rows) CHECK(row.answered != 1);
  CHECK(!one.at_least(1));
  const AnswerTable several =
      answer_table(tensor_of({3, 3}, {1, 1e-9f, 0, 1, 3e-8f, 0, 0.2f, 0.7f, 0.1f}), tensor_of({3, 1}, {0, 1, 1}));
  CHECK(!several.at_least(1));
  const AnswerTable logits =
      answer_table(tensor_of({3, 1}, {-28, -18, 1}), tensor_of({3, 1}, {0, 1, 1}), {.from_logits = true});
  CHECK(!logits.at_least(1));
  CHECK_THROWS_WITH(answer_table(tensor_of({1, 3}, {0.9f, 0.6f, 0.1f}), tensor_of({1, 1}, {0})),
                    Contains("sample 0 add up to 1.6"));
}
