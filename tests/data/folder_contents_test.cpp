// SPDX-License-Identifier: MIT
#include "brindle/data/folder_contents.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/sha256.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// Files that are named like pictures; nobody decodes them.
void write_folder(const fs::path& folder) {
  fs::create_directories(folder / "cat" / "inner");
  fs::create_directories(folder / "dog");
  replace_file(folder / "cat" / "a.jpg", "abc");
  replace_file(folder / "cat" / "inner" / "b.png", "");
  replace_file(folder / "dog" / "c.jpg", "xyz");
  replace_file(folder / "dog" / "notes.txt", "no picture");
}

}  // namespace

TEST_CASE("a folder's pictures are named by their bytes, in the order in which they are loaded", "[data][contents]") {
  const TemporaryFolder folder;
  write_folder(folder / "pets");
  for (const int threads : {1, 2, 3}) {
    const data::FolderContents c = data::folder_contents(folder / "pets", {}, Cpu(threads));
    CHECK(c.folder == (folder / "pets").string());
    REQUIRE(c.files.size() == 3);
    CHECK(c.files[0].path == "cat/a.jpg");
    CHECK(c.files[0].bytes == 3);
    CHECK(c.files[0].sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(c.files[1].path == "cat/inner/b.png");
    CHECK(c.files[2].path == "dog/c.jpg");
    CHECK(c.class_names == std::vector<std::string>{"cat", "dog"});
    // What sha256sum prints of the files, hashed.
    std::string lines;
    for (const data::FileContents& file : c.files) lines += file.sha256 + "  " + file.path + "\n";
    Sha256 sum;
    sum.add(lines);
    CHECK(c.sha256() == sum.text());
  }
  CHECK_THROWS_AS(data::folder_contents(folder / "none"), FileError);
  CHECK_THROWS_AS(data::file_contents(folder / "none"), FileError);
}

TEST_CASE("what is no file is listed among a folder's pictures without a hash", "[data][contents]") {
  const TemporaryFolder folder;
  write_folder(folder / "pets");
  fs::create_directories(folder / "pets" / "cat" / "z.jpg");  // image_folder() lists it as a picture that is unreadable
  const data::FolderContents c = data::folder_contents(folder / "pets");
  REQUIRE(c.files.size() == 4);
  CHECK(c.files[2].path == "cat/z.jpg");
  CHECK(c.files[2].sha256.empty());
  CHECK(data::difference(c, data::folder_contents(folder / "pets")).none());
  CHECK(data::folder_contents(folder / "pets", {"dog", "cat"}).class_names == std::vector<std::string>{"dog", "cat"});
}

TEST_CASE("missing, changed and added pictures are named, wherever the folder lies", "[data][contents]") {
  const TemporaryFolder folder;
  write_folder(folder / "pets");
  const data::FolderContents before = data::folder_contents(folder / "pets");
  fs::rename(folder / "pets", folder / "moved");
  CHECK(data::difference(before, data::folder_contents(folder / "moved")).none());
  fs::remove(folder / "moved" / "cat" / "a.jpg");
  replace_file(folder / "moved" / "dog" / "c.jpg", "xyZ");
  replace_file(folder / "moved" / "dog" / "d.jpg", "1");
  replace_file(folder / "moved" / "dog" / "e.jpg", "2");
  const data::FolderDifference d = data::difference(before, data::folder_contents(folder / "moved"));
  CHECK_FALSE(d.none());
  CHECK(d.missing == std::vector<std::string>{"cat/a.jpg"});
  CHECK(d.changed == std::vector<std::string>{"dog/c.jpg"});
  CHECK(d.added == std::vector<std::string>{"dog/d.jpg", "dog/e.jpg"});
  CHECK(d.text() == "1 file is missing (cat/a.jpg), 1 has changed (dog/c.jpg), 2 were added (dog/d.jpg, dog/e.jpg)");
  CHECK(data::FolderDifference{.added = d.added}.text(1) == "2 files were added (dog/d.jpg and 1 more)");
  CHECK(data::FolderDifference{}.text().empty());
}
