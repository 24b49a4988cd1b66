// SPDX-License-Identifier: MIT
#include "brindle/image/decode.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "image/golden_pictures.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::image;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::filesystem::path goldens = std::filesystem::path(BRINDLE_GOLDENS) / "images";
const std::filesystem::path kinds = std::filesystem::path(BRINDLE_GOLDENS).parent_path() / "image" / "pictures";

struct Difference {
  int largest = 0;
  double mean = 0;
};

Difference difference(const Picture& a, const Picture& b) {
  REQUIRE(a.shape() == b.shape());
  Difference d;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const int levels = std::abs(int{a.pixels[i]} - int{b.pixels[i]});
    d.largest = std::max(d.largest, levels);
    d.mean += levels;
  }
  d.mean /= static_cast<double>(a.pixels.size());
  return d;
}

void write(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::string message(const std::vector<std::uint8_t>& bytes, const DecodeOptions& options = {}) {
  try {
    decode(bytes, "x.jpg", options);
  } catch (const FileError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("decode gives Keras load_img's pixels, exactly from PNG and within 4 levels from JPEG", "[image][decode]") {
  for (const std::string name :
       {"cat_444", "dog_420", "small_progressive", "rotated_exif", "gray", "palette", "rgba"}) {
    CAPTURE(name);
    const Picture golden = golden_picture(name + ".rgb");
    CHECK(decode(goldens / (name + ".png")) == golden);
    if (name == "palette" || name == "rgba") continue;
    const Difference d = difference(decode(goldens / (name + ".jpg")), golden);
    CHECK(d.largest <= 4);
    CHECK(d.mean < 0.2);
  }
}

TEST_CASE("decode reads the kinds of files that collections hold", "[image][decode]") {
  CHECK(decode(kinds / "plain.bmp") == decode(kinds / "rgb.png"));
  CHECK(decode(kinds / "grey.bmp") == decode(kinds / "grey.png"));
  CHECK(decode(kinds / "grey16.png") == decode(kinds / "grey16_high.png"));
  CHECK(decode(kinds / "grey_alpha.png") == decode(kinds / "grey_alpha_dropped.png"));
  CHECK(decode(kinds / "animated.gif") == decode(kinds / "animated_first.png"));
  CHECK(decode(kinds / "still.gif") == decode(kinds / "animated_first.png"));
  CHECK(decode(kinds / "one_pixel.png").pixels == std::vector<std::uint8_t>{10, 200, 30});
  CHECK(difference(decode(kinds / "progressive.jpg"), decode(kinds / "progressive.png")).largest <= 4);
  CHECK(difference(decode(kinds / "cmyk.jpg"), decode(kinds / "cmyk.png")).largest <= 4);
}

TEST_CASE("decode gives Pillow's pixels of rare kinds: interlaced, 16 bits, 1 bit, clear palette, YCCK, one row",
          "[image][decode]") {
  for (const std::string name : {"interlaced.png", "rgb16.png", "one_bit.png", "palette_clear.png"}) {
    CAPTURE(name);
    CHECK(decode(kinds / name) == decode(kinds / (name + ".rgb.png")));
  }
  for (const std::string name : {"ycck.jpg", "wide.jpg"}) {
    CAPTURE(name);
    CHECK(difference(decode(kinds / name), decode(kinds / (name + ".rgb.png"))).largest <= 4);
  }
  const Picture wide = decode(kinds / "wide.png"), tall = decode(kinds / "tall.png");
  CHECK(wide.shape() == Shape{1, 20000, 3});
  CHECK(tall.shape() == Shape{20000, 1, 3});
  CHECK(wide.pixels == tall.pixels);
  for (int i = 0; i < 20000; i += 331)
    CHECK(std::vector<int>(wide.at(0, i), wide.at(0, i) + 3) == std::vector<int>{i / 80, i % 256, 9});
}

TEST_CASE("decode goes by a file's contents and takes any name", "[image][decode]") {
  const TemporaryFolder folder;
  for (const std::string name : {"a b.jpg", "Kätzchen.jpg", "小猫.jpg", "no_dot"}) {
    write(folder / name, read_file(kinds / "plain.bmp"));
    CHECK(decode(folder / name) == decode(kinds / "rgb.png"));
  }
}

TEST_CASE("decode names the file and the reason when there is nothing to decode", "[image][decode]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "x.jpg");
  write(folder / "empty.jpg", {});
  const auto text = read_file(kinds / "make_pictures.py");
  write(folder / "text.jpg", text);
  const std::string at = folder.path().string();
  CHECK_THROWS_WITH(decode(folder / "x.jpg"), StartsWith(at + "/x.jpg: ") && Contains("folder"));
  CHECK_THROWS_WITH(decode(folder / "none.jpg"), StartsWith(at + "/none.jpg: no such file"));
  CHECK_THROWS_WITH(decode(folder / "empty.jpg"), StartsWith(at + "/empty.jpg: is empty"));
  CHECK_THROWS_WITH(decode(folder / "text.jpg"),
                    StartsWith(at + "/text.jpg: ") && Contains("expected JPEG, PNG, BMP, GIF or WebP"));
  CHECK_THROWS_AS(decode(folder / "text.jpg"), FileError);
  CHECK_THROWS_WITH(decode(std::filesystem::path("/dev/null")), StartsWith("/dev/null: ") && Contains("device"));
  CHECK_THAT(message({'R', 'I', 'F', 'F', 1, 2, 3, 4, 'W', 'E', 'B', 'P'}), Contains("WebP"));
}

TEST_CASE("decode never takes a file that is cut short for a whole one", "[image][decode]") {
  for (const std::filesystem::path& path :
       {goldens / "small_progressive.jpg", goldens / "gray.jpg", goldens / "cat_444.jpg", kinds / "cmyk.jpg",
        goldens / "palette.png", kinds / "rgb.png", kinds / "grey16.png", kinds / "plain.bmp", kinds / "still.gif"}) {
    CAPTURE(path.string());
    const std::vector<std::uint8_t> whole = read_file(path);
    const std::string kind = image::internal::kind_of_file(whole);
    // A GIF's picture and a PNG's may be complete before their last bytes, which only say that the file ends.
    const std::size_t trailer = kind == "GIF" ? 2 : kind == "PNG" ? 12 : 0;
    const std::size_t step = whole.size() > 4000 ? 97 : 1;
    for (std::size_t size = 1; size < whole.size() - trailer; size += step) {
      CAPTURE(size);
      const std::vector<std::uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const std::string error = message(part);
      REQUIRE_THAT(error, StartsWith("x.jpg: "));
    }
    const std::vector<std::uint8_t> half(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2));
    CHECK_THAT(message(half), Contains("cut short") && Contains(std::to_string(half.size())));
    CHECK(message(whole) == "");
  }
}

TEST_CASE("decode checks the size before it takes memory", "[image][decode]") {
  std::vector<std::uint8_t> png = read_file(kinds / "rgb.png");
  CHECK_THAT(message(png, {.most_pixels = 24 * 32 - 1}), Contains("32 x 24") && Contains("767"));
  CHECK(message(png, {.most_pixels = 24 * 32}) == "");
  for (const std::size_t at : {16u, 20u}) png[at + 1] = 0x7f;  // width and height of millions
  CHECK_THAT(message(png), Contains("8323104 x 8323096 pixels"));
  CHECK_THROWS_AS(decode(png, "x", {.most_pixels = 0}), ValueError);

  const TemporaryFolder folder;
  write(folder / "large.png", png);
  CHECK_THROWS_WITH(decode(folder / "large.png", {.most_bytes = 10}), Contains("limit of 10"));
}

TEST_CASE("decode refuses a JPEG whose Huffman tables have more than 256 codes", "[image][decode]") {
  for (const std::string file : {"gray.jpg", "small_progressive.jpg"}) {
    std::vector<std::uint8_t> bytes = read_file(goldens / file);
    std::size_t tables = 0;
    for (std::size_t at = 2; at + 21 < bytes.size(); ++at) {
      if (bytes[at] != 0xff || bytes[at + 1] != 0xc4) continue;
      ++tables;
      std::vector<std::uint8_t> broken = bytes;
      for (std::size_t i = 0; i < 16; ++i) broken[at + 5 + i] = 17;  // 272 codes
      CHECK_THAT(message(broken), Contains("more than 256 codes"));
    }
    CHECK(tables >= 1);
  }
}

TEST_CASE("decode gives no picture more memory than its size can need", "[image][decode]") {
  std::vector<std::uint8_t> png = read_file(kinds / "rgb.png");
  std::size_t at = 8;  // of the chunk with the pixels
  while (png[at + 4] != 'I' || png[at + 5] != 'D') ++at;
  png[at] = 0x30;  // 800 MB
  CHECK_THAT(message(png), Contains("needs more memory than a picture of 32 x 24"));
}

TEST_CASE("decode survives files with wrong bytes in them", "[image][decode]") {
  const std::uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
  for (const std::filesystem::path& path :
       {goldens / "small_progressive.jpg", goldens / "gray.jpg", kinds / "cmyk.jpg", goldens / "palette.png",
        kinds / "grey_alpha.png", kinds / "plain.bmp", kinds / "grey.bmp", kinds / "animated.gif"}) {
    std::vector<std::uint8_t> bytes = read_file(path);
    for (std::size_t at = 2; at < bytes.size(); at += at < 200 ? 1 : 7)
      for (const std::uint8_t value : values) {
        const std::uint8_t right = bytes[at];
        bytes[at] = value;
        try {
          const Picture picture = decode(bytes, "x", {.most_pixels = 1 << 20});
          REQUIRE(static_cast<std::int64_t>(picture.pixels.size()) == picture.height * picture.width * 3);
        } catch (const FileError&) {
        }
        bytes[at] = right;
      }
  }
}
