// SPDX-License-Identifier: MIT
#include "brindle/data/pictures.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <vector>

#include "brindle/data/augmented.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

data::Pictures::Parts parts(std::int64_t n, std::int64_t side) {
  data::Pictures::Parts p;
  p.pixels = Tensor<std::uint8_t>(Shape{n, side, side, 3});
  for (std::int64_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  for (std::int64_t i = 0; i < n; ++i) {
    p.classes.push_back(i % 2);
    p.files.push_back(std::string("f").append(std::to_string(i)));
  }
  p.class_names = {"cat", "dog"};
  return p;
}

}  // namespace

TEST_CASE("Pictures become floats when they are read: level / 255, rounded to float, by default", "[data][pictures]") {
  const data::Pictures pictures(parts(256, 1));
  std::vector<data::Draw> draws;
  for (std::int64_t i = 255; i >= 0; --i) draws.push_back({i, 0});
  Tensor<float> x(Shape{256, 1, 1, 3});
  pictures.read(Cpu(2), draws, x.view());
  for (std::int64_t i = 0; i < 256; ++i)
    for (std::int64_t c = 0; c < 3; ++c)
      REQUIRE(x[i * 3 + c] == static_cast<float>(pictures.pixels()[(255 - i) * 3 + c]) * (1.0f / 255.0f));
  Tensor<double> d(Shape{256, 1, 1, 3});
  pictures.read(Cpu(2), draws, d.view());
  for (std::int64_t i = 0; i < d.size(); ++i) REQUIRE(d[i] == static_cast<double>(x[i]));
}

TEST_CASE("pictures are read as none, unit_rgb and caffe say, which is B G R minus the means of ImageNet",
          "[data][pictures][preprocessing]") {
  CHECK_THROWS_WITH(preprocessing("tf"), Catch::Contains("\"tf\"") && Catch::Contains("caffe"));
  data::Pictures::Parts p = parts(2, 3);
  p.preprocessing = Preprocessing::none;
  const data::Pictures none(std::move(p));
  p = parts(2, 3);
  p.preprocessing = Preprocessing::caffe;
  const data::Pictures caffe = data::Pictures(std::move(p)).subset(std::vector<std::int64_t>{0, 1});
  const std::vector<data::Draw> draws{{0, 0}, {1, 1}};
  Tensor<float> levels({2, 3, 3, 3}), x({2, 3, 3, 3}), augmented({2, 3, 3, 3});
  none.read(Cpu(1), draws, levels.view());
  caffe.read(Cpu(1), draws, x.view());
  data::Augmented(caffe, {}).read(Cpu(1), draws, augmented.view());
  for (std::int64_t i = 0; i < x.size(); i += 3) {
    CHECK(levels[i] == static_cast<float>(none.pixels()[i]));
    CHECK(x[i] == levels[i + 2] - 103.939f);
    CHECK(x[i + 1] == levels[i + 1] - 116.779f);
    CHECK(x[i + 2] == levels[i] - 123.68f);
    for (std::int64_t c = 0; c < 3; ++c) CHECK(augmented[i + c] == x[i + c]);
  }
  CHECK_THROWS_WITH(data::Augmented(caffe, {}, {.mean = {1, 2, 3}}), Catch::Contains("caffe"));
  p = parts(1, 2);
  p.pixels = Tensor<std::uint8_t>(Shape{1, 2, 2, 1});
  p.preprocessing = Preprocessing::caffe;
  CHECK_THROWS_WITH(data::Pictures(std::move(p)), Catch::Contains("3 channels"));
}

TEST_CASE("Pictures are read with the same bits by any number of threads", "[data][pictures]") {
  const data::Pictures pictures(parts(31, 17));
  std::vector<data::Draw> draws;
  for (std::int64_t i = 0; i < 50; ++i) draws.push_back({i * 7 % 31, static_cast<std::uint64_t>(i)});
  Tensor<float> one(Shape{50, 17, 17, 3}), many(Shape{50, 17, 17, 3});
  pictures.read(Cpu(1), draws, one.view());
  for (const int threads : {2, 3, 8}) {
    pictures.read(Cpu(threads), draws, many.view());
    CHECK(std::memcmp(one.data(), many.data(), one.bytes()) == 0);
  }
}

TEST_CASE("a subset has the pictures, classes and files of its rows", "[data][pictures]") {
  const data::Pictures pictures(parts(5, 2));
  const data::Pictures some = pictures.subset(std::vector<std::int64_t>{3, 0});
  CHECK(some.size() == 2);
  CHECK(some.describe(0) == "f3");
  CHECK(some.labels()[0] == 1.0f);
  CHECK(std::memcmp(some.pixels().data, pictures.pixels().data + 3 * 12, 12) == 0);
  CHECK(std::memcmp(some.pixels().data + 12, pictures.pixels().data, 12) == 0);
  CHECK_THROWS_WITH(pictures.subset(std::vector<std::int64_t>{5}), Contains("no picture 5 of 5"));
  CHECK_THROWS_AS(pictures.subset(std::vector<std::int64_t>{}), ValueError);
}

TEST_CASE("split takes the same share of every class, once, by the seed", "[data][pictures]") {
  const data::Pictures pictures(parts(40, 1));
  const auto [first, second] = pictures.split(0.25, 42);
  CHECK(first.class_counts() == std::vector<std::int64_t>{15, 15});
  CHECK(second.class_counts() == std::vector<std::int64_t>{5, 5});
  std::vector<std::string> all = first.files();
  all.insert(all.end(), second.files().begin(), second.files().end());
  std::sort(all.begin(), all.end());
  CHECK(std::unique(all.begin(), all.end()) == all.end());
  CHECK(pictures.split(0.25, 42).second.files() == second.files());
  CHECK(pictures.split(0.25, 43).second.files() != second.files());
  CHECK_THROWS_AS(pictures.split(0.0, 1), ValueError);
  CHECK_THROWS_AS(pictures.split(0.001, 1), ValueError);
}

TEST_CASE("Pictures say which sizes or classes do not fit", "[data][pictures]") {
  auto p = parts(4, 2);
  p.classes.pop_back();
  CHECK_THROWS_WITH(data::Pictures(std::move(p)), Contains("expected 4 classes") && Contains("(4, 2, 2, 3)"));
  p = parts(4, 2);
  p.classes[2] = 2;
  CHECK_THROWS_WITH(data::Pictures(std::move(p)), Contains("f2") && Contains("class 2"));
  p = parts(4, 2);
  p.pixels = Tensor<std::uint8_t>(Shape{4, 2, 2});
  CHECK_THROWS_WITH(data::Pictures(std::move(p)), Contains("(N, H, W, C)") && Contains("(4, 2, 2)"));
  p = parts(4, 2);
  p.files.pop_back();
  CHECK_THROWS_WITH(data::Pictures(std::move(p)), Contains("expected 4 file names or none") && Contains("got 3"));
  Tensor<float> x(Shape{1, 2, 2, 1});
  CHECK_THROWS_WITH(data::Pictures(parts(4, 2)).read(Cpu(1), std::vector<data::Draw>{{0, 0}}, x.view()),
                    Contains("(1, 2, 2, 3)") && Contains("(1, 2, 2, 1)"));
}

TEST_CASE("split leaves of each class some to learn from", "[data][pictures]") {
  auto p = parts(8, 1);
  p.class_names = {"a", "b", "c"};
  p.classes = {0, 0, 0, 0, 0, 1, 1, 2};
  const data::Pictures pictures(std::move(p));
  for (const double share : {0.2, 0.5, 0.9}) {
    const auto [first, second] = pictures.split(share, 1);
    for (const std::int64_t n : first.class_counts()) CHECK(n > 0);
  }
}
