// SPDX-License-Identifier: MIT
#include "drawn_pets.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/data/image_folder.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;

TEST_CASE("drawn pets are the same for the same seed, whatever the number of threads and of pictures",
          "[data][drawn_pets]") {
  const TemporaryFolder folder;
  example_pets::draw_pets(folder / "one", 4, 42, 60, Cpu(1));
  example_pets::draw_pets(folder / "three", 6, 42, 60, Cpu(3));
  example_pets::draw_pets(folder / "other", 1, 43, 60);
  for (const std::string name : {"cat.0.jpg", "cat.3.jpg", "dog.0.jpg", "dog.3.jpg"})
    CHECK(read_file(folder / "one" / name) == read_file(folder / "three" / name));
  CHECK(read_file(folder / "one" / "cat.0.jpg") != read_file(folder / "other" / "cat.0.jpg"));
  CHECK(read_file(folder / "one" / "cat.0.jpg") != read_file(folder / "one" / "cat.1.jpg"));
  CHECK(data::image_folder(folder / "three").class_counts() == std::vector<std::int64_t>{6, 6});
}

TEST_CASE("drawn cats and dogs are not told apart by their mean colour", "[data][drawn_pets]") {
  const TemporaryFolder folder;
  const std::int64_t n = 150;
  example_pets::draw_pets(folder.path(), n, 7, 40);
  const data::Pictures pets = data::image_folder(folder.path(), {.size = {20, 20}});
  const auto mean = [&](std::int64_t row) {
    std::vector<double> m(3);
    for (std::int64_t i = 0; i < 1200; ++i) m[static_cast<std::size_t>(i % 3)] += pets.pixels()[row * 1200 + i] / 400.0;
    return m;
  };
  std::vector<double> centre[2] = {std::vector<double>(3), std::vector<double>(3)};
  for (std::int64_t row = 0; row < 2 * n; ++row)
    for (std::size_t c = 0; c < 3; ++c) centre[row >= n][c] += mean(row)[c] / static_cast<double>(n);
  int right = 0;
  for (std::int64_t row = 0; row < 2 * n; ++row) {
    double distance[2] = {0, 0};
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t c = 0; c < 3; ++c) distance[k] += std::pow(mean(row)[c] - centre[k][c], 2);
    right += (distance[1] < distance[0]) == (row >= n);
  }
  CHECK(right < 0.65 * 2 * static_cast<double>(n));
}
