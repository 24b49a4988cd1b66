// SPDX-License-Identifier: MIT
#include "brindle/image/encode.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "brindle/image/decode.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::image;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

Picture gradient(std::int64_t height, std::int64_t width) {
  Picture p(height, width, 3);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      p.at(y, x)[0] = static_cast<std::uint8_t>(5 * x);
      p.at(y, x)[1] = static_cast<std::uint8_t>(3 * y);
      p.at(y, x)[2] = 90;
    }
  return p;
}

}  // namespace

TEST_CASE("a picture written as PNG is read again exactly", "[image][encode]") {
  const TemporaryFolder folder;
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 50}, {33, 17}}) {
    write_png(folder / "p.png", gradient(height, width));
    CHECK(decode(folder / "p.png") == gradient(height, width));
  }
}

TEST_CASE("a picture written as JPEG is read again nearly", "[image][encode]") {
  const TemporaryFolder folder;
  const Picture before = gradient(33, 47);
  write_jpeg(folder / "p.jpg", before, 95);
  const Picture after = decode(folder / "p.jpg");
  REQUIRE(after.shape() == before.shape());
  int largest = 0;
  for (std::size_t i = 0; i < after.pixels.size(); ++i)
    largest = std::max(largest, std::abs(int{after.pixels[i]} - int{before.pixels[i]}));
  CHECK(largest <= 12);
  CHECK(encode_jpeg(before, 30).size() < encode_jpeg(before, 95).size());
}

TEST_CASE("writing a picture leaves no other file behind, and an older file whole when it fails", "[image][encode]") {
  const TemporaryFolder folder;
  write_png(folder / "p.png", gradient(4, 4));
  write_png(folder / "p.png", gradient(5, 5));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  std::filesystem::create_directory(folder / "d.png");
  CHECK_THROWS_WITH(write_png(folder / "d.png", gradient(4, 4)), StartsWith((folder / "d.png").string() + ": "));
  CHECK_THROWS_WITH(write_png(folder / "none" / "p.png", gradient(4, 4)), Contains("no folder"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("encode says which shape or quality it cannot write", "[image][encode]") {
  CHECK_THROWS_WITH(encode_jpeg(Picture(2, 3, 4)), Contains("(2, 3, 4)"));
  CHECK_THROWS_WITH(encode_png(Picture(2, 3, 2)), Contains("(2, 3, 2)"));
  CHECK_THROWS_WITH(encode_png(Picture(0, 3, 3)), Contains("(0, 3, 3)"));
  CHECK_THROWS_WITH(encode_jpeg(gradient(2, 2), 0), Contains("quality is 0"));
  CHECK_THROWS_WITH(encode_jpeg(Picture(1, 65536, 3)), Contains("(1, 65536, 3)") && Contains("sides go to 65535"));
  Picture wrong = gradient(2, 2);
  wrong.pixels.pop_back();
  CHECK_THROWS_WITH(encode_png(wrong), Contains("11 values"));
}
