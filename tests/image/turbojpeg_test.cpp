// SPDX-License-Identifier: MIT
#include "brindle/image/turbojpeg.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/data/folder_stream.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/read_picture.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

// Written by tests/goldens/make_turbojpeg.py, with what Pillow makes of them as PNG.
std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(BRINDLE_GOLDENS) / "images" / ("turbo_" + name);
}

}  // namespace

TEST_CASE("a JPEG is reduced as far as the wanted size allows, by Pillow's rule", "[image][turbojpeg]") {
  CHECK(image::internal::jpeg_reduction(3000, 4000, {224, 224}) == 8);
  CHECK(image::internal::jpeg_reduction(1791, 4000, {224, 224}) == 4);
  CHECK(image::internal::jpeg_reduction(1792, 4000, {224, 224}) == 8);
  CHECK(image::internal::jpeg_reduction(448, 448, {224, 224}) == 2);
  CHECK(image::internal::jpeg_reduction(447, 448, {224, 224}) == 1);
  CHECK(image::internal::jpeg_reduction(4000, 447, {224, 224}) == 1);
  CHECK(image::internal::jpeg_reduction(4000, 4000, {0, 0}) == 1);
}

#ifdef BRINDLE_TURBOJPEG

TEST_CASE("libjpeg-turbo gives Pillow's pixels, in full and reduced", "[image][turbojpeg]") {
  for (const std::string name : {"420", "444", "grey", "progressive", "exif"}) {
    INFO(name);
    const std::vector<std::uint8_t> bytes = read_file(golden(name + ".jpg"));
    const image::Picture full = image::decode(golden(name + ".png"));
    const auto by = [&](Decoder decoder, const Size2& least) {
      return image::internal::decode_by(decoder, bytes, name, {}, least);
    };
    CHECK(by(Decoder::libjpeg_turbo, {full.height / 4, full.width / 4}).pixels == full.pixels);
    CHECK(by(Decoder::libjpeg_turbo_reduced, {0, 0}).pixels == full.pixels);
    CHECK(by(Decoder::libjpeg_turbo_reduced, {full.height, full.width}).pixels == full.pixels);
    for (const auto& [word, share] : {std::pair{"half", 2}, {"quarter", 4}}) {
      const image::Picture expected = image::decode(golden(name + "." + word + ".png"));
      const image::Picture got = by(Decoder::libjpeg_turbo_reduced, {full.height / share, full.width / share});
      CHECK(got.shape() == expected.shape());
      CHECK(got.pixels == expected.pixels);
    }
  }
}

TEST_CASE("a description of the input says who decodes, and a photo that is turned is reduced by its turned size",
          "[image][turbojpeg]") {
  // 48 rows and 80 columns as stored, 80 rows and 48 columns upright.
  const std::vector<std::uint8_t> bytes = read_file(golden("exif.jpg"));
  PictureInput input{.size = {40, 24},
                     .interpolation = image::Interpolation::bilinear,
                     .orientation = Orientation::exif,
                     .decoder = Decoder::libjpeg_turbo_reduced};
  const image::Picture half = image::decode(golden("exif.half.png"));
  CHECK(image::read_picture(bytes, "x", input).pixels == image::fit(image::upright(half, 6), input).pixels);
  input.size = {24, 40};  // 80 x 48 is not twice as wide
  const image::Picture full = image::decode(golden("exif.png"));
  CHECK(image::read_picture(bytes, "x", input).pixels == image::fit(image::upright(full, 6), input).pixels);
  CHECK(image::read_upright(bytes, "x", input).pixels == image::upright(full, 6).pixels);
  input.decoder = Decoder::libjpeg_turbo;
  input.size = {40, 24};
  CHECK(image::read_picture(bytes, "x", input).pixels == image::fit(image::upright(full, 6), input).pixels);
}

TEST_CASE("libjpeg-turbo refuses what is broken, too large or cut short, and leaves CMYK to stb_image",
          "[image][turbojpeg][errors]") {
  const std::vector<std::uint8_t> bytes = read_file(golden("420.jpg"));
  const auto decode = [](const std::vector<std::uint8_t>& from, const image::DecodeOptions& options = {}) {
    return image::internal::decode_by(Decoder::libjpeg_turbo, from, "x.jpg", options, {0, 0});
  };
  CHECK_THROWS_WITH(decode(bytes, {.most_pixels = 100}),
                    Contains("x.jpg: is 83 x 61 pixels, more than the limit of 100"));
  for (std::size_t length = 1; length < bytes.size() - 2; length += 7) {
    const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK_THROWS_AS(decode(cut), FileError);
  }
  const std::filesystem::path cmyk = std::filesystem::path(__FILE__).parent_path() / "pictures" / "ycck.jpg";
  CHECK(decode(read_file(cmyk)).pixels == image::decode(cmyk).pixels);
  // Several threads have decoders of their own.
  std::vector<image::Picture> read(4);
  std::vector<std::thread> threads;
  for (image::Picture& picture : read) threads.emplace_back([&] { picture = decode(bytes); });
  for (std::thread& thread : threads) thread.join();
  for (const image::Picture& picture : read) CHECK(picture.pixels == read.front().pixels);
}

TEST_CASE("a folder is read by the decoder that its options name, and says so", "[data][turbojpeg]") {
  const TemporaryFolder folder;
  for (const char* name : {"a.1.jpg", "a.2.jpg", "b.1.jpg"})
    std::filesystem::copy_file(golden(name[0] == 'a' ? "420.jpg" : "exif.jpg"), folder / name);
  const data::ImageFolderOptions options{
      .size = {20, 20}, .interpolation = image::Interpolation::bilinear, .decoder = Decoder::libjpeg_turbo_reduced};
  const data::Pictures pictures = data::image_folder(folder.path(), options);
  CHECK(pictures.picture_input()->decoder == Decoder::libjpeg_turbo_reduced);
  const image::Picture expected = image::fit(image::decode(golden("420.half.png")), options.picture_input());
  CHECK(std::equal(expected.pixels.begin(), expected.pixels.end(), pictures.pixels().data));
  const data::FolderStream stream(folder.path(), options);
  CHECK(stream.picture_input() == pictures.picture_input());
  CHECK(data::check_image_folder(folder.path(), options).empty());
}

#else

TEST_CASE("without libjpeg-turbo a picture that asks for it is refused with the package",
          "[image][turbojpeg][errors]") {
  const PictureInput input{.size = {8, 8}, .decoder = Decoder::libjpeg_turbo_reduced};
  CHECK_THROWS_WITH(data::image_folder(BRINDLE_GOLDENS, data::ImageFolderOptions::of(input)),
                    Contains("image_folder: decoder is libjpeg_turbo_reduced, and brindle was compiled without"));
  CHECK_THROWS_WITH(
      image::internal::decode_by(Decoder::libjpeg_turbo, read_file(golden("420.jpg")), "x.jpg", {}, {0, 0}),
      Contains("x.jpg: is to be decoded by libjpeg-turbo") && Contains("libturbojpeg0-dev"));
}

#endif
