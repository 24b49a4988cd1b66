// SPDX-License-Identifier: MIT
// A program's own stb_image and stb_image_write, compiled in the same translation unit, before brindle's.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#else
#include <stb_image.h>
#include <stb_image_write.h>
#endif
#pragma GCC diagnostic pop

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "brindle/image/decode.hpp"
#include "brindle/image/encode.hpp"

TEST_CASE("a program's own stb_image works beside brindle's", "[image][decode]") {
  const std::string path = std::string(BRINDLE_GOLDENS) + "/images/rgba.png";
  int width = 0, height = 0, channels = 0;
  unsigned char* pixels = stbi_load(path.c_str(), &width, &height, &channels, 3);
  REQUIRE(pixels != nullptr);
  const brindle::image::Picture picture = brindle::image::decode(std::filesystem::path(path));
  CHECK(picture.width == width);
  CHECK(picture.height == height);
  CHECK(std::equal(picture.pixels.begin(), picture.pixels.end(), pixels));
  stbi_image_free(pixels);
}
