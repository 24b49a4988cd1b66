// SPDX-License-Identifier: MIT
#include "brindle/data/folder_stream.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/data/augmented.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/image/encode.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

void fill(const TemporaryFolder& folder) {
  int number = 0;
  for (const std::string name : {"cat.1", "cat.10", "cat.2", "dog.4", "dog.3"}) {
    image::Picture p(17 + number, 23, 3);
    for (std::size_t i = 0; i < p.pixels.size(); ++i)
      p.pixels[i] = static_cast<std::uint8_t>(i * 13 + i / 7 + static_cast<std::size_t>(number) * 50);
    if (number++ % 2)
      image::write_png(folder / (name + ".png"), p);
    else
      image::write_jpeg(folder / (name + ".jpg"), p);
  }
}

Tensor<float> read_all(const data::Source& source, int threads) {
  std::vector<data::Draw> draws;
  for (std::int64_t i = 0; i < 2 * source.size(); ++i)
    draws.push_back({(2 * source.size() - i) % source.size(), std::uint64_t(i)});
  Tensor<float> x = unwritten<float>(source.sample_shape().batch(2 * source.size()));
  source.read(Cpu(threads), draws, x.view());
  return x;
}

}  // namespace

TEST_CASE("a folder that is streamed gives what a folder in memory gives", "[data][folder_stream]") {
  const TemporaryFolder folder;
  fill(folder);
  std::ofstream(folder / "notes.txt") << "no picture";
  const data::ImageFolderOptions options{
      .size = {9, 14}, .interpolation = image::Interpolation::bilinear, .preprocessing = Preprocessing::caffe};
  const data::Pictures memory = data::image_folder(folder.path(), options);
  const data::FolderStream stream(folder.path(), options);
  CHECK(stream.size() == 5);
  CHECK(stream.files() == memory.files());
  CHECK(stream.class_names() == memory.class_names());
  CHECK(stream.class_counts() == memory.class_counts());
  CHECK(stream.sample_shape() == memory.sample_shape());
  CHECK(stream.skipped().size() == 1);
  CHECK(stream.describe(3) == memory.describe(3));
  for (std::int64_t i = 0; i < 5; ++i) CHECK(stream.labels()[i] == memory.labels()[i]);
  CHECK(same_bits(read_all(stream, 1), read_all(memory, 1)));
  CHECK(same_bits(read_all(stream, 3), read_all(memory, 1)));
  const Augment settings{.rotation = 20, .flip_horizontal = true};
  CHECK(same_bits(read_all(data::Augmented(stream, settings), 2), read_all(data::Augmented(memory, settings), 1)));
}

TEST_CASE("a file that cannot be decoded is an error when it is used, or left out from the start",
          "[data][folder_stream]") {
  const TemporaryFolder folder;
  fill(folder);
  std::ofstream(folder / "cat.11.jpg") << "not a JPEG";
  const data::FolderStream stream(folder.path(), {.size = {9, 14}});
  CHECK(stream.size() == 6);
  CHECK_THROWS_AS(read_all(stream, 2), FileError);
  CHECK_THROWS_WITH(read_all(stream, 2), Contains("cat.11.jpg: is no picture"));

  const data::ImageFolderOptions skip{.size = {9, 14}, .on_bad_file = data::BadFile::skip};
  const data::FolderStream whole(folder.path(), skip);
  CHECK(whole.size() == 5);
  REQUIRE(whole.skipped().size() == 1);
  CHECK_THAT(whole.skipped()[0].path, Contains("cat.11.jpg"));
  CHECK(same_bits(read_all(whole, 2), read_all(data::image_folder(folder.path(), skip), 2)));

  std::filesystem::remove(folder / "cat.2.jpg");
  CHECK_THROWS_WITH(read_all(whole, 2), Contains("cat.2.jpg: no such file"));
}

TEST_CASE("a folder without a picture that can be read cannot be streamed", "[data][folder_stream]") {
  const TemporaryFolder folder;
  for (const char* name : {"cat.1.jpg", "dog.1.jpg"}) std::ofstream(folder / name) << "not a JPEG";
  CHECK_THROWS_WITH(data::FolderStream(folder.path(), {.on_bad_file = data::BadFile::skip}),
                    Contains("none of its 2 pictures can be read") && Contains("cat.1.jpg"));
  image::write_png(folder / "cat.2.png", image::Picture(4, 4, 3));
  CHECK_THROWS_WITH(data::FolderStream(folder.path(), {.on_bad_file = data::BadFile::skip}),
                    Contains("a class has none left"));
  CHECK_THROWS_WITH(data::FolderStream(folder.path(), {.size = {0, 4}}), Contains("(0, 4)"));
}
