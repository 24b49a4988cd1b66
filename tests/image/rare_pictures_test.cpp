// SPDX-License-Identifier: MIT
// Files of rare kinds and what Pillow shows of them (pictures/make_rare_pictures.py).
#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "brindle/core/adler32.hpp"
#include "brindle/core/crc32.hpp"
#include "brindle/image/decode.hpp"
#include "image/golden_pictures.hpp"

using namespace brindle;
using namespace brindle::image;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::filesystem::path rare_kinds = std::filesystem::path(BRINDLE_GOLDENS).parent_path() / "image" / "pictures";

const std::map<std::string, Picture>& rare() {
  static const std::map<std::string, Picture> pictures = golden_pictures(rare_kinds / "rare_pictures.npz");
  return pictures;
}

std::string refusal(const std::vector<std::uint8_t>& bytes, const std::string& name = "x") {
  try {
    decode(bytes, name);
  } catch (const FileError& e) {
    return e.what();
  }
  return "";
}

int largest_difference(const Picture& a, const Picture& b) {
  REQUIRE(a.shape() == b.shape());
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i)
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  return largest;
}

/// Compares all files of a kind with what Pillow shows of them; how many there are.
int compare(const std::string& ending, int most, const std::function<bool(const std::string&)>& which = {}) {
  int count = 0;
  for (const auto& [name, bytes] : rare()) {
    const auto shown = rare().find(name + ".rgb");
    if (!name.ends_with(ending) || shown == rare().end() || (which && !which(name))) continue;
    CAPTURE(name);
    ++count;
    CHECK(largest_difference(decode(bytes.pixels, name), shown->second) <= most);
  }
  return count;
}

bool of_colours(const std::string& name) {
  return name.starts_with("cmyk") || name.starts_with("rgb") || name.starts_with("ycc");
}

std::vector<std::uint8_t> big_endian(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

/// A PNG of 8x8 grey pixels, stored and not compressed, with zlib's checksum as given.
std::vector<std::uint8_t> stored_png(const std::vector<std::uint8_t>& rows, std::uint32_t sum) {
  std::vector<std::uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const auto chunk = [&](const std::string& kind, const std::vector<std::uint8_t>& data) {
    const auto append = [&](const std::vector<std::uint8_t>& bytes) {
      png.insert(png.end(), bytes.begin(), bytes.end());
    };
    append(big_endian(static_cast<std::uint32_t>(data.size())));
    const std::size_t from = png.size();
    png.insert(png.end(), kind.begin(), kind.end());
    append(data);
    append(big_endian(detail::crc32_of(std::span(png).subspan(from))));
  };
  chunk("IHDR", {0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0});
  const auto length = static_cast<std::uint8_t>(rows.size()), inverse = static_cast<std::uint8_t>(~rows.size());
  std::vector<std::uint8_t> data = {0x78, 0x01, 0x01, length, 0, inverse, 0xff};
  data.insert(data.end(), rows.begin(), rows.end());
  const auto end = big_endian(sum);
  data.insert(data.end(), end.begin(), end.end());
  chunk("IDAT", data);
  chunk("IEND", {});
  return png;
}

}  // namespace

TEST_CASE("decode brings chroma of fewer samples to all pixels as libjpeg does, at the edges too", "[image][decode]") {
  // A version of stb_image that goes around the functions of image/stb.hpp fails here.
  CHECK(compare(".jpg", 4, [](const std::string& name) { return !of_colours(name); }) == 58);
}

TEST_CASE("decode takes a JPEG's colours for what libjpeg takes them: CMYK, YCCK, RGB, YCbCr", "[image][decode]") {
  CHECK(compare(".jpg", 4, of_colours) == 48);
}

TEST_CASE("decode shows a GIF's first picture as Pillow does", "[image][decode]") { CHECK(compare(".gif", 0) == 29); }

TEST_CASE("decode reads every BMP that is not compressed as Pillow does, from above and from below",
          "[image][decode]") {
  CHECK(compare(".bmp", 0) == 67);
}

TEST_CASE("decode reads PNG of every depth and kind as Pillow does, colours that a palette lacks being black",
          "[image][decode]") {
  CHECK(compare(".png", 0) == 26);
}

TEST_CASE("decode reads pictures of one colour, whose bytes are fewest", "[image][decode]") {
  for (const std::string name : {"one_rgb.png", "one_rgb.jpg", "one_rgb_progressive.jpg", "one_grey.png",
                                 "one_grey.jpg", "one_grey_progressive.jpg", "one_bit.png", "one.gif"}) {
    CAPTURE(name);
    const Picture picture = decode(rare().at(name).pixels, name);
    CHECK(picture.shape() == Shape{1500, 1500, 3});
    const std::vector<std::uint8_t> first(picture.pixels.begin(), picture.pixels.begin() + 3);
    bool same = true;
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) same = same && picture.pixels[i] == first[i % 3];
    CHECK(same);
  }
}

TEST_CASE("decode asks for no memory that a file's bytes cannot fill", "[image][decode]") {
  int count = 0;
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  for (const auto& [name, bytes] : rare()) {
    if (!name.starts_with("refused")) continue;
    CAPTURE(name);
    ++count;
    const auto start = std::chrono::steady_clock::now();
    const std::string error = refusal(bytes.pixels, name);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(500));
    CHECK_THAT(error, StartsWith(name + ": "));
  }
  getrusage(RUSAGE_SELF, &after);
  CHECK(count == 37);
  CHECK(after.ru_maxrss - before.ru_maxrss < 32 * 1024);  // KB
  CHECK_THAT(refusal(rare().at("refused_444.jpg").pixels), Contains("claims 16000 x 16000 pixels, which need"));
  CHECK_THAT(refusal(rare().at("refused_8_2_0.png").pixels), Contains("need 768016000 bytes"));
  CHECK_THAT(refusal(rare().at("refused_few_codes.gif").pixels), Contains("need 256000000 colours"));
  CHECK_THAT(refusal(rare().at("refused_24_from_top.bmp").pixels), Contains("is cut short"));
  CHECK_THAT(refusal(rare().at("refused_ends_early.gif").pixels), Contains("end after 2 of its 4 pixels"));
  CHECK_THAT(refusal(rare().at("refused_without_scan.jpg").pixels), Contains("no scan holds component 1 of 3"));
  CHECK_THAT(refusal(rare().at("refused_two_components.jpg").pixels), Contains("2 components"));
  CHECK_THAT(refusal(rare().at("refused_run_length.bmp").pixels), Contains("run-length encoding"));
}

TEST_CASE("decode refuses a PNG in which any bit is wrong", "[image][decode]") {
  for (const std::string file : {"rgb.png", "palette_clear.png", "interlaced.png"}) {
    std::vector<std::uint8_t> bytes = read_file(rare_kinds / file);
    const std::vector<std::uint8_t> whole = bytes;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
      INFO(file << ", bit " << bit);
      CHECK(refusal(bytes) != "");
      bytes[bit / 8] = whole[bit / 8];
    }
    CHECK(refusal(bytes) == "");
  }
  std::vector<std::uint8_t> bytes = read_file(rare_kinds / "rgb.png");
  bytes[16 + 20] ^= 1;
  CHECK_THAT(refusal(bytes), Contains("its chunk \"") && Contains("does not have its checksum"));
}

TEST_CASE("decode refuses a PNG whose pixels do not have zlib's checksum", "[image][decode]") {
  // A version of stb_image that goes around the function of image/stb.hpp fails here.
  std::vector<std::uint8_t> rows(72);
  for (std::size_t i = 0; i < 72; ++i) rows[i] = static_cast<std::uint8_t>(i % 9 == 0 ? 0 : i);
  const std::uint32_t sum = detail::adler32_of(rows);
  CHECK(decode(stored_png(rows, sum), "x").at(0, 2)[1] == 3);
  rows[30] ^= 4;
  CHECK_THAT(refusal(stored_png(rows, sum)), Contains("its pixels do not have their checksum"));
}

TEST_CASE("decode refuses a JPEG whose scans use tables that are not there", "[image][decode]") {
  const std::vector<std::uint8_t> whole = read_file(rare_kinds / "progressive.jpg");
  int count = 0;
  for (std::size_t at = 2; whole[at + 1] != 0xda; at += 2 + (std::size_t{whole[at + 2]} << 8) + whole[at + 3]) {
    if (whole[at + 1] != 0xc4 && whole[at + 1] != 0xdb) continue;
    std::vector<std::uint8_t> without = whole;
    without[at + 1] = 0xef;  // a segment that means nothing
    CHECK_THAT(refusal(without), Contains("a scan uses") && Contains("which is not there"));
    ++count;
  }
  CHECK(count >= 3);
  CHECK_THAT(refusal(read_file(rare_kinds.parent_path().parent_path() / "fuzz" / "corpus" / "picture" /
                               "found_table_never_written.jpg")),
             Contains("uses Huffman table 3, which is not there"));
}
