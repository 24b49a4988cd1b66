// SPDX-License-Identifier: MIT
#include "brindle/image/webp.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/orientation.hpp"
#include "brindle/image/read_picture.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

// Written by tests/goldens/make_webp.py, with what Pillow makes of them as PNG.
std::filesystem::path webp_golden(const std::string& name) {
  return std::filesystem::path(BRINDLE_GOLDENS) / "images" / ("webp_" + name);
}

std::string webp_refusal(const std::vector<std::uint8_t>& bytes, const image::DecodeOptions& options = {}) {
  try {
    image::decode(bytes, "x.webp", options);
  } catch (const FileError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a camera's orientation is found in a WebP, and nothing in one that is cut short", "[image][webp]") {
  std::vector<std::uint8_t> bytes = read_file(webp_golden("exif.webp"));
  CHECK(image::exif_orientation(bytes) == 6);
  CHECK(image::exif_orientation(read_file(webp_golden("lossy.webp"))) == 1);
  for (std::size_t length = 0; length < bytes.size() - 1; ++length) {
    const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(image::exif_orientation(cut) == 1);
  }
  const auto exif = image::internal::webp_chunk(bytes, "EXIF");
  REQUIRE(exif);
  CHECK(exif->at + exif->bytes <= bytes.size());
  CHECK_FALSE(image::internal::webp_chunk(bytes, "ANIM"));
  // With JPEG's words in front, as some writers do; the chunk is the last one.
  const std::string words("Exif\0\0", 6);
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(exif->at), words.begin(), words.end());
  bytes[exif->at - 4] = static_cast<std::uint8_t>(exif->bytes + 6);
  CHECK(image::exif_orientation(bytes) == 6);
}

#ifdef BRINDLE_WEBP

TEST_CASE("a WebP, lossy or lossless, has Pillow's pixels, without alpha", "[image][webp]") {
  for (const std::string name : {"lossy", "lossless", "lossy_alpha", "lossless_alpha", "exif", "one_pixel"}) {
    CAPTURE(name);
    const image::Picture picture = image::decode(webp_golden(name + ".webp")),
                         pillow = image::decode(webp_golden(name + ".png"));
    REQUIRE(picture.shape() == pillow.shape());
    CHECK(picture.pixels == pillow.pixels);
  }
  const PictureInput exif{.orientation = Orientation::exif};
  CHECK(image::read_upright(webp_golden("exif.webp"), exif).shape() == Shape{20, 12, 3});
}

TEST_CASE("a WebP of several frames is refused by name", "[image][webp]") {
  CHECK_THAT(webp_refusal(read_file(webp_golden("animated.webp"))),
             Contains("x.webp: is a WebP of a rare kind: it has several frames; convert it"));
}

TEST_CASE("a WebP that is cut short or broken is refused, and never decoded in part", "[image][webp]") {
  for (const std::string name : {"lossy.webp", "lossless.webp", "lossy_alpha.webp"}) {
    const std::vector<std::uint8_t> bytes = read_file(webp_golden(name));
    for (std::size_t length = 12; length < bytes.size(); length += 7) {
      INFO(name << " " << length);
      const std::string text = webp_refusal({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)});
      CHECK_THAT(text, Contains("is cut short") || Contains("is broken"));
    }
  }
  std::vector<std::uint8_t> broken = read_file(webp_golden("lossless.webp"));
  broken[20] ^= 0xff;  // the signature of the lossless bits
  CHECK_THAT(webp_refusal(broken), Contains("x.webp: the WebP is broken"));
}

TEST_CASE("the size of a WebP is bounded before it is decoded", "[image][webp]") {
  const std::vector<std::uint8_t> lossy = read_file(webp_golden("lossy.webp"));
  CHECK_THAT(webp_refusal(lossy, {.most_pixels = 1849}), Contains("is 50 x 37 pixels, more than the limit of 1849"));
  CHECK(webp_refusal(lossy, {.most_pixels = 1850}).empty());
  // 20 million pixels of one colour in a few bytes.
  const std::vector<std::uint8_t> flat = read_file(webp_golden("flat.webp"));
  CHECK_THAT(webp_refusal(flat),
             Contains("claims 5000 x 4000 pixels, which need 20000000 pixels, and its data can hold"));
}

#else

TEST_CASE("a WebP without libwebp is refused by name, with what to do", "[image][webp]") {
  CHECK_THAT(webp_refusal(read_file(webp_golden("lossy.webp"))),
             Contains("x.webp: is a WebP, and brindle was compiled without libwebp") && Contains("libwebp-dev") &&
                 Contains("brindle::webp"));
}

#endif
