// SPDX-License-Identifier: MIT
#include "brindle/report/summary.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"

using namespace brindle;
using report::SummaryRow;
using report::SummaryStyle;
using Rows = std::vector<SummaryRow>;

namespace {

std::string golden(const std::string& name) {
  const auto bytes = read_file(std::filesystem::path(BRINDLE_GOLDENS) / "tables" / name);
  return {bytes.begin(), bytes.end()};
}

Rows head(const Shape& input, int first) {
  const auto dense = [&](int n, std::int64_t in, std::int64_t out) {
    return SummaryRow{"dense_" + std::to_string(n), "Dense", {out}, in * out + out};
  };
  return {dense(first, input[0], 512),
          {"dropout_" + std::to_string(first), "Dropout", {512}},
          dense(first + 1, 512, 512),
          {"dropout_" + std::to_string(first + 1), "Dropout", {512}},
          dense(first + 2, 512, 1)};
}

/// Convolutions of 3x3 without padding, each with a pool.
Rows stack(std::initializer_list<std::int64_t> filters) {
  Rows rows;
  std::int64_t side = 150, channels = 3;
  int n = 0;
  for (const std::int64_t f : filters) {
    const std::string number = std::to_string(++n);
    side -= 2;
    rows.push_back({"conv2d_" + number, "Conv2D", {side, side, f}, 9 * channels * f + f});
    side /= 2;
    rows.push_back({"max_pooling2d_" + number, "MaxPooling2D", {side, side, f}});
    channels = f;
  }
  rows.push_back({"flatten_1", "Flatten", {side * side * channels}});
  return rows;
}

Rows operator+(Rows a, const Rows& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Rows vgg16(const std::string& input_name) {
  Rows rows{{input_name, "InputLayer", {150, 150, 3}}};
  std::int64_t side = 150, channels = 3;
  const std::int64_t filters[] = {64, 128, 256, 512, 512};
  const int count[] = {2, 2, 3, 3, 3};
  for (int b = 0; b < 5; ++b) {
    const std::string block = std::string("block").append(std::to_string(b + 1));
    for (int c = 1; c <= count[b]; ++c) {
      const std::int64_t parameters = 9 * channels * filters[b] + filters[b];
      channels = filters[b];
      rows.push_back({block + "_conv" + std::to_string(c), "Conv2D", {side, side, channels}, parameters, parameters});
    }
    side /= 2;
    rows.push_back({block + "_pool", "MaxPooling2D", {side, side, channels}});
  }
  rows.push_back({"flatten_1", "Flatten", {side * side * channels}});
  return rows;
}

void check(const std::string& name, const Rows& keras3, const Rows& keras2, const std::string& title = "sequential_1") {
  CAPTURE(name);
  CHECK(report::summary_table(keras3, {.title = title}) == golden("summary_" + name + ".keras3.txt"));
  CHECK(report::summary_table(keras2, {.title = title, .style = SummaryStyle::keras2}) ==
        golden("summary_" + name + ".keras2.txt"));
}

void check(const std::string& name, const Rows& rows) { check(name, rows, rows); }

}  // namespace

TEST_CASE("a summary is the table that Keras prints, of today and of 2018", "[report][summary]") {
  check("1_baseline",
        stack({16, 64, 128}) + Rows{{"dense_1", "Dense", {512}, 36992 * 512 + 512}, {"dense_2", "Dense", {1}, 513}});
  check("2_dropout", stack({16, 64, 128, 128}) + head({6272}, 1));
  check("4_bottleneck_head", head({8192}, 1));
  check("5_transfer_frozen", Rows{{"model_1", "Functional", {8192}, 14714688, 14714688}} + head({8192}, 1));
  check("6_transfer_finetune", Rows{{"model_1", "Functional", {8192}, 14714688, 1735488}} + head({8192}, 1));
  check("vgg16_flatten_frozen", vgg16("input_layer"), vgg16("input_1"), "model_1");
}

TEST_CASE("a summary breaks long names in today's table and cuts them in 2018's", "[report][summary]") {
  const Rows rows{{"a_layer_with_quite_a_long_name_1", "Conv2D", {148, 148, 16}, 448},
                  {"a_name_without_any_space_that_is_longer_than_the_column", "Dense", {1}, 2}};
  const std::string today = report::summary_table(rows);
  CHECK_THAT(today,
             Catch::Contains("│ a_layer_with_quite_a_long_name_1  │ (None, 148, 148, 16)     │           448 │\n"
                             "│ (Conv2D)                          │                          │               │\n"));
  CHECK_THAT(today,
             Catch::Contains("│ a_name_without_any_space_that_is_ │ (None, 1)                │             2 │\n"
                             "│ longer_than_the_column (Dense)    │                          │               │\n"));
  CHECK_THAT(report::summary_table(rows, {.style = SummaryStyle::keras2}),
             Catch::Contains("a_layer_with_quite_a_long_na (None, 148, 148, 16)      448       \n"));
}

TEST_CASE("a summary has units of 1024 bytes", "[report][summary]") {
  const auto total = [](std::int64_t parameters) {
    return report::summary_table(Rows{{"dense", "Dense", {1}, parameters}});
  };
  CHECK_THAT(total(255), Catch::Contains("Total params: 255 (1020.00 B)"));
  CHECK_THAT(total(256), Catch::Contains("Total params: 256 (1.00 KB)"));
  CHECK_THAT(total(std::int64_t{1} << 28), Catch::Contains("Total params: 268,435,456 (1.00 GB)"));
}

TEST_CASE("a summary of no layers is a table without lines", "[report][summary]") {
  CHECK_THAT(report::summary_table({}), Catch::Contains("Total params: 0 (0.00 B)"));
  CHECK_THAT(report::summary_table({}, {.style = SummaryStyle::keras2}), Catch::Contains("Total params: 0\n"));
}
