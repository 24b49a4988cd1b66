// SPDX-License-Identifier: MIT
#include "brindle/core/file.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Contains;
using Catch::StartsWith;

namespace {

std::string content(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> names(const std::filesystem::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("a file is replaced by its parts, and the older one is kept where asked", "[core][file]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.txt";
  const std::vector<std::string_view> parts{"one ", "", "two"};
  replace_file(path, parts);
  CHECK(content(path) == "one two");
  replace_file(path, "three", {.sync = true});
  CHECK(content(path) == "three");
  CHECK(names(folder.path()) == std::vector<std::string>{"run.txt"});

  replace_file(path, "four", {.sync = true, .keep_previous = true});
  CHECK(content(previous_file(path)) == "three");
  replace_file(path, "five", {.sync = true, .keep_previous = true});
  CHECK(content(path) == "five");
  CHECK(content(previous_file(path)) == "four");
  CHECK(names(folder.path()) == std::vector<std::string>{"run.txt", "run.txt.previous"});
}

TEST_CASE("a file that does not fit leaves the older ones whole, and the message gives bytes and reason",
          "[core][file][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.txt";
  replace_file(path, "old", {.keep_previous = true});
  replace_file(path, "older files stay", {.keep_previous = true});
  const std::string large(100'000, 'x');
  {
    const test::FileSizeLimit limit(4096);
    for (const bool sync : {false, true})
      CHECK_THROWS_WITH(replace_file(path, large, {.sync = sync, .keep_previous = true}),
                        StartsWith(path.string() + ": cannot be written: ") && Contains("100000 bytes"));
  }
  CHECK(content(path) == "older files stay");
  CHECK(content(previous_file(path)) == "old");
  CHECK(names(folder.path()) == std::vector<std::string>{"run.txt", "run.txt.previous"});
}

TEST_CASE("a full disk is named by each write that meets it", "[core][file][errors]") {
  if (!std::filesystem::exists("/dev/full")) return;
  const std::vector<std::string_view> parts{"a few bytes"};
  CHECK(detail::write_parts("/dev/full", parts, false) == ENOSPC);
  CHECK(detail::write_parts("/dev/full", parts, true) == ENOSPC);
}

TEST_CASE("a file that cannot be read is named with the reason", "[core][file][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.txt";
  CHECK_THROWS_WITH(read_file(path), path.string() + ": no such file; check the path");
  CHECK_THROWS_WITH(read_file(folder.path()), Contains("is a folder, expected a file"));
  CHECK_THROWS_WITH(read_file("/dev/null"), "/dev/null: is a device or a pipe, expected a file");
  replace_file(path, "12345");
  CHECK(read_file(path, 5).size() == 5);
  CHECK_THROWS_WITH(read_file(path, 4), path.string() + ": has 5 bytes, more than the limit of 4");
  std::filesystem::create_symlink("circle", folder / "circle");
  CHECK_THROWS_WITH(read_file(folder / "circle"), StartsWith((folder / "circle").string() + ": cannot be looked at: "));
  const std::filesystem::path shorter = "/sys/devices/system/cpu/online";  // a page by its size, a line by its bytes
  if (std::filesystem::exists(shorter)) CHECK_THROWS_WITH(read_file(shorter), Contains("reading stopped at byte"));
}

TEST_CASE("a place where nothing can be written is named with the reason", "[core][file][errors]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(replace_file(folder.path(), "x"), folder.path().string() + ": cannot be written, it is a folder");
  CHECK_THROWS_WITH(replace_file(folder / "none" / "run.txt", "x"),
                    Contains("there is no folder") && Contains("create it first"));
  if (std::filesystem::exists("/sys/kernel"))  // closed to everyone
    CHECK_THROWS_WITH(replace_file("/sys/kernel/run.txt", "x"),
                      StartsWith("/sys/kernel/run.txt: cannot be written: ") && Contains("check that you may write"));
}

TEST_CASE("what a killed writer left half written is removed, and nothing else", "[core][file]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.txt";
  for (const char* name : {"run.txt", "run.txt.123.tmp", "run.txt.old.tmp", "run.txt.tmp", "another.txt.123.tmp"})
    replace_file(folder / name, "x");
  detail::remove_unfinished(path);
  CHECK(names(folder.path()) ==
        std::vector<std::string>{"another.txt.123.tmp", "run.txt", "run.txt.old.tmp", "run.txt.tmp"});
  CHECK_NOTHROW(detail::remove_unfinished(folder / "no such folder" / "run.txt"));
}

TEST_CASE("whoever reads while a file is replaced finds the older one or the newer one", "[core][file][threads]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.txt";
  const std::string a(5000, 'a'), b(70'000, 'b');
  replace_file(path, a);
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) replace_file(path, i % 2 ? a : b, {.keep_previous = i % 3 == 0});
  });
  bool whole = true;
  for (int i = 0; i < 200; ++i) {
    std::ifstream in(path, std::ios::binary);
    const std::string read{std::istreambuf_iterator<char>(in), {}};
    whole = whole && (read == a || read == b);
  }
  writer.join();
  CHECK(whole);
}

TEST_CASE("a name of any length that the system allows can be written, with the older file beside it", "[core][file]") {
  const TemporaryFolder folder;
  std::vector<std::string> all{std::string(255, 'c') + "d"};
  for (std::size_t bytes = 220; bytes <= 255; ++bytes) all.push_back(std::string(bytes, 'x'));
  all.push_back(std::string(200, 'x') +
                "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6"
                "\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4");
  for (const std::string& name : all) {
    CAPTURE(name, name.size());
    const auto path = folder / name;
    if (name.size() > 255) {
      CHECK_THROWS_WITH(detail::check_writable(path), Contains("give it a shorter name, it has 256 bytes"));
      CHECK_THROWS_WITH(replace_file(path, "x"), Contains("give it a shorter name, it has 256 bytes"));
      CHECK(names(folder.path()).empty());
      continue;
    }
    detail::check_writable(path);
    CHECK(names(folder.path()).empty());
    for (const char* text : {"one", "two"}) replace_file(path, text, {.keep_previous = true});
    CHECK(content(path) == "two");
    CHECK(content(previous_file(path)) == "one");
    CHECK(names(folder.path()).size() == 2);
    const auto unfinished = detail::temporary_file(path);
    std::ofstream(unfinished) << "half";
    REQUIRE(std::filesystem::exists(unfinished));
    detail::remove_unfinished(path);
    CHECK_FALSE(std::filesystem::exists(unfinished));
    std::filesystem::remove(path);
    std::filesystem::remove(previous_file(path));
  }
  CHECK(previous_file("a/b") == "a/b.previous");
  // Two long names that begin alike keep their older files apart.
  CHECK(previous_file(folder / (std::string(254, 'x') + "1")) != previous_file(folder / (std::string(254, 'x') + "2")));
}

TEST_CASE("whether a file can be written is seen before, and nothing is changed", "[core][file][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "run.txt";
  replace_file(path, "old");
  detail::check_writable(path);
  CHECK(content(path) == "old");
  CHECK(names(folder.path()) == std::vector<std::string>{"run.txt"});
  CHECK_THROWS_WITH(detail::check_writable(folder.path()), Contains("it is a folder"));
  CHECK_THROWS_WITH(detail::check_writable(folder / "none" / "run.txt"), Contains("there is no folder"));
  if (std::filesystem::exists("/sys/kernel"))
    CHECK_THROWS_WITH(detail::check_writable("/sys/kernel/run.txt"),
                      StartsWith("/sys/kernel/run.txt: cannot be written: "));
}

#ifndef _WIN32
TEST_CASE("a file that is replaced keeps its permissions", "[core][file]") {
  using std::filesystem::perms;
  const TemporaryFolder folder;
  const auto path = folder / "run.txt";
  replace_file(path, "old");
  const perms own = perms::owner_read | perms::owner_write;
  std::filesystem::permissions(path, own);
  replace_file(path, "new");
  CHECK(content(path) == "new");
  CHECK(std::filesystem::status(path).permissions() == own);
}
#endif
