// SPDX-License-Identifier: MIT
#include "brindle/data/examined_folder.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "brindle/core/file.hpp"
#include "brindle/image/encode.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
namespace fs = std::filesystem;

TEST_CASE("a folder is examined picture by picture, those that cannot be read among them", "[data]") {
  const TemporaryFolder folder;
  for (const char* kind : {"cat", "dog"}) fs::create_directories(folder / kind);
  image::Picture white(12, 20, 3);
  white.pixels.assign(white.pixels.size(), 255);
  image::write_png(folder / "cat" / "a.png", white);
  fs::copy_file(folder / "cat" / "a.png", folder / "dog" / "same.png");
  image::write_png(folder / "cat" / "b.png", image::Picture(30, 20, 3));
  replace_file(folder / "dog" / "broken.png", "\x89PNG\r\n\x1a\n and no more");
  std::ofstream(folder / "dog" / "notes.txt") << "none";
  for (const int threads : {1, 3}) {
    const data::ExaminedFolder found = data::examine_image_folder(folder.path(), {}, Cpu(threads));
    REQUIRE(found.pictures.size() == 4);
    CHECK(found.class_names == std::vector<std::string>{"cat", "dog"});
    CHECK(found.class_counts() == std::vector<std::int64_t>{2, 1});
    const auto &a = found.pictures[0], &b = found.pictures[1], &broken = found.pictures[2], &same = found.pictures[3];
    CHECK(a.height == 12);
    CHECK(a.width == 20);
    CHECK(a.quality.brightness == Approx(1));
    CHECK(a.orientation == 1);
    CHECK(a.number == 0);
    CHECK(b.quality.brightness == 0);
    CHECK_FALSE(broken.readable());
    CHECK(broken.height == 0);
    CHECK(broken.unreadable.find(folder.path().string()) == std::string::npos);
    CHECK(a.hash == same.hash);
    CHECK(a.bytes == same.bytes);
    CHECK(a.hash != b.hash);
    CHECK(same.number == 1);
    CHECK(found.skipped.size() == 1);
  }
  CHECK_THROWS_AS(data::examine_image_folder(folder / "nowhere"), FileError);
}

TEST_CASE("pictures that were loaded are examined as their files are now, a part of a split too", "[data]") {
  const TemporaryFolder folder;
  for (int i = 0; i < 10; ++i)
    image::write_png(folder / ((i % 2 ? "cat." : "dog.") + std::to_string(i) + ".png"), image::Picture(9 + i, 12, 3));
  const data::Pictures all = data::image_folder(folder.path(), {.size = {8, 8}});
  const auto [some, others] = all.split(0.4, 1);
  const data::ExaminedFolder found = data::examine_pictures(others, {}, Cpu(2));
  REQUIRE(found.pictures.size() == 4);
  CHECK(found.class_names == all.class_names());
  CHECK(found.class_counts() == std::vector<std::int64_t>{2, 2});
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(found.pictures[i].file == others.files()[i]);
    CHECK(found.pictures[i].number == static_cast<std::int64_t>(others.labels().data[i]));
    CHECK(found.pictures[i].width == 12);
  }
  fs::remove(others.files()[1]);
  CHECK_FALSE(data::examine_pictures(others).pictures[1].readable());
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>({2, 3, 3, 3});
  parts.classes = {0, 1};
  parts.class_names = {"a", "b"};
  CHECK_THROWS_WITH(data::examine_pictures(data::Pictures(std::move(parts))),
                    Catch::Contains("do not know their files"));
}
