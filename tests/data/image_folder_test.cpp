// SPDX-License-Identifier: MIT
#include "brindle/data/image_folder.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/data/folder_stream.hpp"
#include "brindle/data/picture_files.hpp"
#include "brindle/image/encode.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

image::Picture plain(int red, std::int64_t height = 9, std::int64_t width = 13) {
  image::Picture p(height, width, 3);
  for (std::size_t i = 0; i < p.pixels.size(); i += 3) {
    p.pixels[i] = static_cast<std::uint8_t>(red);
    p.pixels[i + 1] = static_cast<std::uint8_t>(i);
  }
  return p;
}

void write(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::vector<std::string> names(const data::Pictures& pictures) {
  std::vector<std::string> list;
  for (const std::string& file : pictures.files()) list.push_back(std::filesystem::path(file).filename().string());
  return list;
}

std::vector<std::string> skipped(const data::Pictures& pictures) {
  std::vector<std::string> list;
  for (const data::SkippedFile& s : pictures.skipped())
    list.push_back(std::filesystem::path(s.path).filename().string() + ": " + s.reason);
  return list;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the pictures of a folder are listed without what is none, in a fixed order", "[data][folder]") {
  const TemporaryFolder folder;
  for (const char* name : {"b.jpg", "a.PNG", "Thumbs.db", ".hidden.jpg", "notes.txt", "deep/er/c.webp", "deep/a.jpg"}) {
    std::filesystem::create_directories((folder / name).parent_path());
    write(folder / name, "x");
  }
  std::vector<std::string> names;
  for (const auto& file : data::picture_files(folder.path()))
    names.push_back(file.lexically_relative(folder.path()).generic_string());
  CHECK(names == std::vector<std::string>{"a.PNG", "b.jpg", "deep/a.jpg", "deep/er/c.webp"});
  CHECK_THROWS_WITH(data::picture_files(folder / "none"), Contains("none: the folder cannot be read"));
}

TEST_CASE("image_folder takes classes from file names up to the first dot", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (const int i : {9, 10, 2}) {
    image::write_png(folder / ("dog." + std::to_string(i) + ".png"), plain(100 + i));
    image::write_png(folder / ("cat." + std::to_string(i) + ".PNG"), plain(i));
  }
  const data::Pictures photos = data::image_folder(folder.path(), {.size = {5, 4}});
  CHECK(photos.class_names() == Names{"cat", "dog"});
  CHECK(names(photos) == Names{"cat.10.PNG", "cat.2.PNG", "cat.9.PNG", "dog.10.png", "dog.2.png", "dog.9.png"});
  CHECK(photos.sample_shape() == Shape{5, 4, 3});
  CHECK(photos.class_counts() == std::vector<std::int64_t>{3, 3});
  CHECK(photos.labels()[2] == 0.0f);
  CHECK(photos.labels()[3] == 1.0f);
  CHECK(photos.pixels()[0] == 10);
  CHECK(photos.pixels()[3 * 60] == 110);
  CHECK(photos.skipped().empty());
  CHECK_THAT(photos.describe(0), StartsWith(folder.path().string()) && Contains("cat.10.PNG"));
}

TEST_CASE("image_folder takes classes from subfolders", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (const std::string c : {"Zebra", "antelope", "Kätzchen"}) {
    std::filesystem::create_directory(folder / c);
    image::write_jpeg(folder / c / "one picture.jpg", plain(40));
  }
  const data::Pictures photos = data::image_folder(folder.path());
  CHECK(photos.class_names() == Names{"Kätzchen", "Zebra", "antelope"});
  CHECK(photos.sample_shape() == Shape{150, 150, 3});
  CHECK(photos.skipped().empty());
}

TEST_CASE("pictures in folders below that of a class belong to the class, as in Keras", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (const std::string inner : {"cat", "cat/indoors", "cat/indoors/sofa", "dog/2019", "dog/2020"}) {
    std::filesystem::create_directories(folder / inner);
    image::write_png(folder / inner / "1.png", plain(1));
  }
  std::filesystem::create_directories(folder / "cat" / ".thumbnails");
  image::write_png(folder / "cat" / ".thumbnails" / "1.png", plain(1));
  std::filesystem::create_directory_symlink(folder / "dog", folder / "cat" / "linked");
  const data::Pictures photos = data::image_folder(folder.path(), {.size = {4, 4}});
  CHECK(photos.class_counts() == std::vector<std::int64_t>{3, 2});
  CHECK(skipped(photos) == Names{".thumbnails: hidden", "linked: a link to a folder, which is not followed"});
  CHECK_THAT(data::lost_text(photos.skipped()), StartsWith("left out: ") && Contains("linked") && !Contains("hidden"));
  CHECK(data::FolderStream(folder.path(), {.size = {4, 4}}).files() == photos.files());
}

TEST_CASE("the folder above training and validation data is no folder of two classes", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (const std::string part : {"train/cat", "train/dog", "Validation_data/cat"}) {
    std::filesystem::create_directories(folder / part);
    image::write_png(folder / part / "1.png", plain(1));
  }
  CHECK_THROWS_WITH(data::image_folder(folder.path()),
                    Contains("its folders, Validation_data and train, are called as the parts of a data set") &&
                        Contains("name one of them: " + (folder / "Validation_data").string()));
  CHECK(data::image_folder(folder / "train").class_names() == Names{"cat", "dog"});
}

TEST_CASE("a class without pictures and pictures of other kinds are errors, or are told apart from harmless files",
          "[data][image_folder]") {
  const TemporaryFolder folder;
  for (const std::string c : {"cat", "dog"}) {
    std::filesystem::create_directory(folder / c);
    image::write_png(folder / c / "1.png", plain(1));
  }
  write(folder / "cat" / "Thumbs.db", "x");
  std::filesystem::create_directory(folder / "owl");
  const auto both = [&](const data::ImageFolderOptions& o, const std::string& words) {
    CHECK_THROWS_WITH(data::image_folder(folder.path(), o), Contains(words));
    CHECK_THROWS_WITH(data::FolderStream(folder.path(), o), Contains(words));
  };
  both({}, "has no pictures in \"owl\", which should be a class");
  const data::ImageFolderOptions skip{.size = {4, 4}, .on_bad_file = data::BadFile::skip};
  CHECK(data::lost_text(data::image_folder(folder.path(), skip).skipped()) ==
        "left out: " + (folder / "owl").string() + ": a folder without pictures");
  CHECK_NOTHROW(data::image_folder(folder.path(), {.classes = {"cat", "dog", "owl"}}));

  write(folder / "owl" / "1.webp", std::string("RIFF\0\0\0\0WEBPVP8 ", 16));
  write(folder / "owl" / "2.TIF", std::string("II*\0", 4));
  CHECK_THROWS_WITH(data::image_folder(folder.path()),
                    Contains("2 of 4 pictures cannot be read") && Contains(" WebP") && Contains("got TIFF"));
  both({.on_bad_file = data::BadFile::skip}, "a class has none left");
  image::write_png(folder / "owl" / "3.png", plain(1));
  const data::Pictures photos = data::image_folder(folder.path(), skip);
  CHECK(photos.class_counts() == std::vector<std::int64_t>{1, 1, 1});
  CHECK_THAT(data::lost_text(photos.skipped()), Contains("1.webp") && Contains("2.TIF") && !Contains("Thumbs"));
  CHECK(photos.skipped().size() == 3);
  CHECK(data::lost_text({}).empty());
}

TEST_CASE("a folder of grey pictures has one channel, in memory and as a stream", "[data][image_folder]") {
  const TemporaryFolder folder;
  image::write_png(folder / "cat.1.png", plain(10));
  image::write_png(folder / "dog.1.png", plain(200));
  const data::ImageFolderOptions grey{.size = {9, 13}, .color_mode = ColorMode::grayscale};
  const data::Pictures photos = data::image_folder(folder.path(), grey);
  const data::FolderStream stream(folder.path(), grey);
  CHECK(photos.sample_shape() == Shape{9, 13, 1});
  CHECK(stream.sample_shape() == Shape{9, 13, 1});
  CHECK(photos.pixels()[0] == (10 * 19595 + 0x8000) >> 16);
  CHECK(photos.picture_input() == grey.picture_input());
  CHECK(stream.picture_input() == grey.picture_input());
  CHECK(data::ImageFolderOptions::of(*photos.picture_input(), {"a", "b"}).picture_input() == grey.picture_input());
  Tensor<float> a(photos.sample_shape().batch(2)), b(photos.sample_shape().batch(2));
  const std::vector<data::Draw> draws{{0, 0}, {1, 0}};
  photos.read(Cpu(1), draws, a.view());
  stream.read(Cpu(1), draws, b.view());
  CHECK(std::memcmp(a.data(), b.data(), a.bytes()) == 0);
  CHECK_THROWS_WITH(
      data::image_folder(folder.path(), {.color_mode = ColorMode::grayscale, .preprocessing = Preprocessing::caffe}),
      Contains("image_folder: preprocessing caffe needs pictures of 3 channels, got 1"));
}

TEST_CASE("image_folder lists what it leaves out, with the reason", "[data][image_folder]") {
  const TemporaryFolder folder;
  image::write_png(folder / "cat.1.png", plain(1));
  image::write_png(folder / "dog.1.png", plain(2));
  write(folder / ".DS_Store", "x");
  write(folder / "Thumbs.db", "x");
  write(folder / "notes.txt", "x");
  write(folder / "LICENSE", "x");
  CHECK(skipped(data::image_folder(folder.path())) ==
        Names{".DS_Store: hidden", "LICENSE: not a picture (no extension)", "Thumbs.db: not a picture (.db)",
              "notes.txt: not a picture (.txt)"});
}

TEST_CASE("image_folder lists all broken pictures in one error, or skips them by choice", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i) {
    image::write_png(folder / ("cat." + std::to_string(i) + ".png"), plain(i));
    image::write_png(folder / ("dog." + std::to_string(i) + ".png"), plain(50 + i));
  }
  const std::string whole = image::encode_jpeg(plain(7));
  write(folder / "cat.1.png", whole.substr(0, whole.size() / 2));
  write(folder / "dog.0.png", "");
  std::filesystem::create_directory(folder / "dog.x.jpg");
  const std::string at = folder.path().string();
  CHECK_THROWS_WITH(data::image_folder(folder.path()),
                    StartsWith(at + ": 3 of 7 pictures") && Contains(at + "/cat.1.png: the JPEG is cut short") &&
                        Contains(at + "/dog.0.png: is empty") && Contains(at + "/dog.x.jpg: is a folder"));
  const data::Pictures photos = data::image_folder(folder.path(), {.size = {4, 4}, .on_bad_file = data::BadFile::skip});
  CHECK(names(photos) == Names{"cat.0.png", "cat.2.png", "dog.1.png", "dog.2.png"});
  CHECK(photos.pixels().shape == Shape{4, 4, 4, 3});
  CHECK(photos.pixels()[48] == 2);
  CHECK(photos.pixels()[2 * 48] == 51);
  REQUIRE(photos.skipped().size() == 3);
  CHECK(photos.skipped()[1].path == at + "/dog.0.png");
  CHECK_THAT(photos.skipped()[1].reason, StartsWith("is empty"));

  const std::vector<data::SkippedFile> bad = data::check_image_folder(folder.path());
  REQUIRE(bad.size() == 3);
  CHECK_THAT(bad[0].path, Contains("cat.1.png"));
  CHECK_THAT(bad[0].reason, StartsWith("the JPEG is cut short"));
}

TEST_CASE("image_folder shows ten broken pictures and counts the others", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (int i = 10; i < 23; ++i) write(folder / ("cat." + std::to_string(i) + ".jpg"), "no picture");
  image::write_png(folder / "dog.1.png", plain(2));
  CHECK_THROWS_WITH(data::image_folder(folder.path()), Contains("13 of 14") && Contains("cat.19.jpg") &&
                                                           !Contains("cat.20.jpg") && Contains("and 3 more"));
  CHECK_THROWS_AS(data::image_folder(folder.path(), {.on_bad_file = data::BadFile::skip}), DataError);
}

TEST_CASE("image_folder says what a folder lacks", "[data][image_folder]") {
  const TemporaryFolder folder;
  const std::string at = folder.path().string();
  CHECK_THROWS_WITH(data::image_folder(folder / "none"), StartsWith(at + "/none: no such folder"));
  CHECK_THROWS_WITH(data::image_folder(folder.path()), StartsWith(at + ": has no pictures") && Contains("subfolder"));
  image::write_png(folder / "cat.1.png", plain(1));
  CHECK_THROWS_WITH(data::image_folder(folder / "cat.1.png"), Contains("is a file"));
  CHECK_THROWS_WITH(data::image_folder(folder.path()), Contains("one class, \"cat\""));
  image::write_png(folder / "cat.2.png", plain(1));
  CHECK_THROWS_AS(data::image_folder(folder.path()), DataError);
  std::filesystem::create_directory(folder / "dogs");
  image::write_png(folder / "dogs" / "1.png", plain(1));
  CHECK_THROWS_WITH(data::image_folder(folder.path()), Contains("2 pictures of its own") && Contains("dogs/1.png"));
  CHECK_THROWS_WITH(data::image_folder(folder.path(), {.size = {0, 3}}), Contains("(0, 3)"));
}

TEST_CASE("image_folder refuses names that make every picture a class", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (const std::string name : {"IMG_1.png", "IMG_2.png", "IMG_3.png"}) image::write_png(folder / name, plain(1));
  CHECK_THROWS_WITH(data::image_folder(folder.path()), Contains("class of its own") && Contains("IMG_1.png"));
}

TEST_CASE("image_folder numbers classes as another data set does when asked to", "[data][image_folder]") {
  const TemporaryFolder folder;
  image::write_png(folder / "dog.1.png", plain(1));
  const data::Pictures photos = data::image_folder(folder.path(), {.classes = {"bird", "cat", "dog"}});
  CHECK(photos.labels()[0] == 2.0f);
  CHECK(photos.class_names() == Names{"bird", "cat", "dog"});
  CHECK_THROWS_WITH(data::image_folder(folder.path(), {.classes = {"bird", "cat"}}),
                    Contains("\"dog\"") && Contains("\"bird\", \"cat\""));
}

TEST_CASE("image_folder gives the same bytes for any number of threads", "[data][image_folder]") {
  const TemporaryFolder folder;
  for (int i = 0; i < 20; ++i)
    image::write_jpeg(folder / ((i % 2 ? "cat." : "dog.") + std::to_string(i) + ".jpg"), plain(i, 30 + i, 50 - i));
  write(folder / "cat.99.jpg", "broken");
  for (const image::Interpolation how : {image::Interpolation::nearest, image::Interpolation::bilinear}) {
    const data::ImageFolderOptions options{.size = {17, 23}, .interpolation = how, .on_bad_file = data::BadFile::skip};
    const data::Pictures one = data::image_folder(folder.path(), options, Cpu(1));
    for (const int threads : {2, 3, 7}) {
      const data::Pictures many = data::image_folder(folder.path(), options, Cpu(threads));
      CHECK(many.files() == one.files());
      CHECK(std::memcmp(many.pixels().data, one.pixels().data, static_cast<std::size_t>(one.pixels().size())) == 0);
    }
  }
}

TEST_CASE("image_folder refuses classes that are named twice", "[data][image_folder][errors]") {
  const TemporaryFolder folder;
  image::write_png(folder / "dog.1.png", plain(1));
  CHECK_THROWS_WITH(data::image_folder(folder.path(), {.classes = {"cat", "dog", "cat"}}),
                    Contains(".classes names \"cat\" twice"));
}
