// SPDX-License-Identifier: MIT
#include "brindle/image/reduced_copy.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/data/folder_stream.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/image/read_picture.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

image::Picture drawn(std::int64_t height, std::int64_t width, int seed) {
  image::Picture p(height, width, 3);
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] = static_cast<std::uint8_t>(i / 7 * static_cast<std::size_t>(seed) % 251);
  return p;
}

/// As if it had been there for an hour: a file that has just changed gets no copy.
void make_old(const fs::path& file) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

void write_old(const fs::path& file, int seed) {
  image::write_png(file, drawn(40, 60, seed));
  make_old(file);
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

const PictureInput small{.size = {10, 12}, .interpolation = image::Interpolation::bilinear};

image::Picture read(const fs::path& copies, const fs::path& file, const PictureInput& input = small,
                    const image::DecodeOptions& options = {}) {
  return image::internal::read_reduced_copy(copies, file, input, options);
}

}  // namespace

TEST_CASE("a reduced copy has the levels of the file, and is what is read from then on", "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "photo.png", copies = folder / "copies";
  fs::create_directory(copies);
  write_old(file, 3);
  const image::Picture expected = image::read_picture(file, small);
  CHECK(read(copies, file).pixels == expected.pixels);
  REQUIRE(files_in(copies).size() == 1);

  // The same length and time, other bytes: only who reads the copy does not see them.
  const fs::file_time_type time = fs::last_write_time(file);
  std::vector<std::uint8_t> bytes = read_file(file);
  std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
  replace_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  fs::last_write_time(file, time);
  const image::Picture again = read(copies, file);
  CHECK(again.shape() == expected.shape());
  CHECK(again.pixels == expected.pixels);
}

TEST_CASE("a file that has changed is decoded anew", "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "photo.png", copies = folder / "copies";
  fs::create_directory(copies);
  write_old(file, 3);
  const image::Picture before = read(copies, file);
  image::write_png(file, drawn(40, 60, 5));
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::minutes(30));
  const image::Picture expected = image::read_picture(file, small);
  REQUIRE(expected.pixels != before.pixels);
  CHECK(read(copies, file).pixels == expected.pixels);
  CHECK(files_in(copies).size() == 2);
  make_old(file);  // another time alone is enough
  CHECK(read(copies, file).pixels == expected.pixels);
  CHECK(files_in(copies).size() == 3);
}

TEST_CASE("a file that has just been written gets no copy yet", "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "photo.png", copies = folder / "copies";
  fs::create_directory(copies);
  image::write_png(file, drawn(40, 60, 3));
  CHECK(read(copies, file).pixels == image::read_picture(file, small).pixels);
  CHECK(files_in(copies).empty());
  make_old(file);
  CHECK(read(copies, file).pixels == image::read_picture(file, small).pixels);
  CHECK(files_in(copies).size() == 1);
}

TEST_CASE("each file and each way of reading it has a copy of its own, whatever the preprocessing",
          "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "photo.png", other = folder / "other.png", copies = folder / "copies";
  fs::create_directory(copies);
  write_old(file, 3);
  write_old(other, 5);
  std::vector<PictureInput> inputs(7, small);
  inputs[1].size = {12, 10};
  inputs[2].interpolation = image::Interpolation::nearest;
  inputs[3].aspect_ratio = AspectRatio::crop;
  inputs[4].color_mode = ColorMode::grayscale;
  inputs[5].orientation = Orientation::exif;
  inputs[6].decoder = Decoder::libjpeg_turbo;
  for (int round = 0; round < 2; ++round) {
    for (const PictureInput& input : inputs) {
      INFO(to_string(input));
      CHECK(read(copies, file, input).pixels == image::read_picture(file, input).pixels);
    }
    CHECK(files_in(copies).size() == inputs.size() + static_cast<std::size_t>(round));
    CHECK(read(copies, other).pixels == image::read_picture(other, small).pixels);
    CHECK(files_in(copies).size() == inputs.size() + 1);
  }
  PictureInput prepared = small;
  prepared.preprocessing = Preprocessing::caffe;
  read(copies, file, prepared);
  CHECK(files_in(copies).size() == inputs.size() + 1);
}

TEST_CASE("a picture that is larger than allowed is refused although there is a copy", "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "photo.png", copies = folder / "copies";
  fs::create_directory(copies);
  write_old(file, 3);
  read(copies, file);
  CHECK_THROWS_AS(read(copies, file, small, {.most_pixels = 100}), FileError);
}

TEST_CASE("a copy that is damaged, cut short or of another file is made anew", "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "photo.png", other = folder / "other.png", copies = folder / "copies",
                 others = folder / "others";
  fs::create_directory(copies);
  fs::create_directory(others);
  write_old(file, 3);
  write_old(other, 5);
  const image::Picture expected = read(copies, file);
  read(others, other);
  const fs::path copy = files_in(copies).front();
  const std::vector<std::uint8_t> whole = read_file(copy), foreign = read_file(files_in(others).front());
  const auto check = [&](std::vector<std::uint8_t> content) {
    replace_file(copy, {reinterpret_cast<const char*>(content.data()), content.size()});
    CHECK(read(copies, file).pixels == expected.pixels);
    CHECK(read_file(copy) == whole);
  };
  for (std::size_t at = 0; at < whole.size(); at += 13) {  // in the key, in the checksum, in the levels
    INFO("byte " << at);
    std::vector<std::uint8_t> content = whole;
    content[at] ^= 0x10u;
    check(content);
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - 1})
    check({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
  std::vector<std::uint8_t> longer = whole;
  longer.push_back(7);
  check(longer);
  check(foreign);
}

TEST_CASE("a folder with a cache gives the samples that it gives without one, from several threads",
          "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path photos = folder / "photos", copies = folder / "some" / "copies";
  for (int i = 0; i < 12; ++i) {
    const fs::path of_class = photos / (i % 2 ? "cat" : "dog");
    fs::create_directories(of_class);
    write_old(of_class / (std::to_string(i) + ".png"), i + 2);
  }
  data::ImageFolderOptions options{.size = {10, 12}, .interpolation = image::Interpolation::bilinear};
  const data::Pictures expected = data::image_folder(photos, options);
  options.cache = copies;
  const Cpu three(3);
  for (int round = 0; round < 2; ++round) {
    const data::Pictures got = data::image_folder(photos, options, three);
    CHECK(std::equal(expected.pixels().data, expected.pixels().data + expected.pixels().size(), got.pixels().data));
    CHECK(got.files() == expected.files());
    CHECK(files_in(copies).size() == 12);
  }
  CHECK(data::check_image_folder(photos, options).empty());
  const data::FolderStream stream(photos, options);
  const std::int64_t size = stream.sample_shape().size();
  for (std::int64_t row = 0; row < stream.size(); ++row)
    stream.with_pixels(row, [&](const std::uint8_t* pixels) {
      CHECK(std::equal(pixels, pixels + size, expected.pixels().data + row * size));
    });
  CHECK(files_in(copies).size() == 12);
}

TEST_CASE("a picture that cannot be read is the same error with a cache, and has no copy", "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path photos = folder / "photos";
  for (const char* of_class : {"cat", "dog"}) {
    fs::create_directories(photos / of_class);
    write_old(photos / of_class / "1.png", 3);
  }
  replace_file(photos / "cat" / "2.png", "no picture");
  make_old(photos / "cat" / "2.png");
  data::ImageFolderOptions options{.size = {10, 12}, .cache = folder / "copies"};
  CHECK_THROWS_WITH(data::image_folder(photos, options), Contains("2.png") && Contains("is no picture"));
  options.on_bad_file = data::BadFile::skip;
  CHECK(data::image_folder(photos, options).size() == 2);
  CHECK(data::check_image_folder(photos, options).size() == 1);
  CHECK(data::FolderStream(photos, options).size() == 2);
  CHECK(files_in(options.cache).size() == 2);
}

TEST_CASE("a cache that cannot be used is an error that says what to do, and no picture is blamed",
          "[image][reduced_copy]") {
  const TemporaryFolder folder;
  const fs::path photos = folder / "photos", taken = folder / "taken";
  for (const char* of_class : {"cat", "dog"}) {
    fs::create_directories(photos / of_class);
    write_old(photos / of_class / "1.png", 3);
  }
  replace_file(taken, "a file");
  data::ImageFolderOptions options{.size = {10, 12}, .on_bad_file = data::BadFile::skip, .cache = taken};
  const std::string says = ": the folder for reduced copies cannot be made: " + taken.string();
  CHECK_THROWS_WITH(data::image_folder(photos, options), Contains("image_folder" + says) && Contains(".cache"));
  CHECK_THROWS_WITH(data::FolderStream(photos, options), Contains("FolderStream" + says) && Contains(".cache"));
  CHECK_THROWS_WITH(data::check_image_folder(photos, options), Contains("check_image_folder" + says));

  // A copy whose place is taken: its picture is not left out because of it.
  options.cache = folder / "copies";
  data::image_folder(photos, options);
  const fs::path copy = files_in(options.cache).front();
  fs::remove(copy);
  fs::create_directory(copy);
  CHECK_THROWS_WITH(data::image_folder(photos, options), Contains("reduced copy of") && Contains("without .cache"));
}
