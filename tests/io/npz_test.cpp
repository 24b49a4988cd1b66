// SPDX-License-Identifier: MIT
#include "brindle/io/npz.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/random.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Contains;

namespace {

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

// A .npy file of format 1.0, with a header as given.
std::string npy(const std::string& header, const std::string& elements) {
  return "\x93NUMPY" + std::string("\x01\x00", 2) + number(header.size(), 2) + header + elements;
}

std::string floats(const std::vector<float>& values) {
  brindle::detail::LittleEndianBytes numbers;
  return std::string(numbers.of(values.data(), values.size() * 4, 4));
}

std::string float_array(const std::string& shape, const std::vector<float>& values) {
  return npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n", floats(values));
}

struct Entry {
  std::string name, bytes;
  int method = 0, flags = 0;
};

std::string zip(const std::vector<Entry>& entries, const std::string& comment = "") {
  std::string body, list;
  for (const Entry& e : entries) {
    const std::string sizes = number(0, 4) + number(e.bytes.size(), 4) + number(e.bytes.size(), 4);
    const std::string middle = number(20, 2) + number(static_cast<unsigned>(e.flags), 2) +
                               number(static_cast<unsigned>(e.method), 2) + number(0, 4) + sizes +
                               number(e.name.size(), 2) + number(0, 2);
    list += "PK\x01\x02" + number(20, 2) + middle + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
            number(body.size(), 4) + e.name;
    body += "PK\x03\x04" + middle + e.name + e.bytes;
  }
  return body + list + "PK\x05\x06" + number(0, 4) + number(entries.size(), 2) + number(entries.size(), 2) +
         number(list.size(), 4) + number(body.size(), 4) + number(comment.size(), 2) + comment;
}

struct Files {
  TemporaryFolder folder;
  int count = 0;

  std::string write(const std::string& bytes) {
    const std::string path = (folder.path() / (std::to_string(count++) + ".npz")).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
};

// Reads everything that a file says it has; throws FileError or nothing at all.
void read_all(const std::string& path) {
  const io::NpzFile file(path);
  for (const std::string& name : file.names()) {
    const std::string dtype = file.dtype(name);
    if (dtype == "<f4") file.read<float>(name);
    if (dtype == "<f8") file.read<double>(name);
  }
}

}  // namespace

TEST_CASE("an npz file gives its arrays by name", "[io][npz]") {
  Files files;
  const io::NpzFile file(files.write(zip({{"a.npy", float_array("(2, 3)", {1, 2, 3, 4, 5, 6})},
                                          {"case.b.npy", float_array("(1,)", {7})},
                                          {"scalar.npy", float_array("()", {8})},
                                          {"none.npy", float_array("(0, 4)", {})}})));
  CHECK(file.names() == std::vector<std::string>{"a", "case.b", "none", "scalar"});
  CHECK(file.contains("case.b"));
  CHECK_FALSE(file.contains("b"));
  CHECK(file.dtype("a") == "<f4");
  CHECK(file.shape("a") == Shape{2, 3});
  const Tensor<float> a = file.read<float>("a");
  CHECK(a.shape() == Shape{2, 3});
  for (std::int64_t i = 0; i < 6; ++i) CHECK(a[i] == static_cast<float>(i + 1));
  CHECK(file.read<float>("scalar")[0] == 8);
  CHECK(file.read<float>("none").shape() == Shape{0, 4});
}

TEST_CASE("an npz file may have a comment at its end", "[io][npz]") {
  Files files;
  const std::string path = files.write(zip({{"a.npy", float_array("(1,)", {7})}}, std::string(300, 'x')));
  CHECK(io::NpzFile(path).read<float>("a")[0] == 7);
}

TEST_CASE("every element type of the goldens is read", "[io][npz]") {
  const io::NpzFile file(std::string(BRINDLE_GOLDENS) + "/report.npz");
  const std::vector<std::string> names = file.names();
  REQUIRE_FALSE(names.empty());
  int kinds = 0;
  for (const std::string& name : names) {
    const std::string dtype = file.dtype(name);
    const auto is = [&](const char* expected, auto zero) {
      if (dtype != expected) return;
      ++kinds;
      CHECK(file.read<decltype(zero)>(name).shape() == file.shape(name));
    };
    is("<f4", 0.f);
    is("<f8", 0.);
    is("<i8", std::int64_t{0});
  }
  CHECK(kinds == static_cast<int>(names.size()));
  const io::NpzFile pictures(std::string(BRINDLE_GOLDENS) + "/loadimg.npz");
  CHECK(pictures.read<std::uint8_t>(pictures.names().front()).size() > 0);
}

TEST_CASE("a .npy file by itself is read", "[io][npz]") {
  Files files;
  CHECK(io::read_npy<float>(files.write(float_array("(2,)", {3, 4})))[1] == 4);
  const std::string version2 = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n";
  CHECK(io::read_npy<float>(files.write("\x93NUMPY" + std::string("\x02\x00", 2) + number(version2.size(), 4) +
                                        version2 + floats({5})))[0] == 5);
}

TEST_CASE("npz errors begin with the path and say the byte, the array and what to do", "[io][npz][errors]") {
  Files files;
  const auto message = [&](const std::string& bytes, const auto& what) {
    const std::string path = files.write(bytes);
    CHECK_THROWS_AS(read_all(path), FileError);
    CHECK_THROWS_WITH(read_all(path), Catch::StartsWith(path + ": byte ") && what);
  };
  const std::string good = float_array("(2,)", {1, 2});
  message("", Contains("too short"));
  message(std::string(100, 'x'), Contains("no zip file"));
  message(zip({{"a.npy", good, 8}}), Contains("\"a\"") && Contains("compressed"));
  message(zip({{"a.npy", good, 0, 1}}), Contains("encrypted"));
  message(zip({{"a.npy", "xx"}}), Contains("too short"));
  message(zip({{"a.npy", std::string(64, 'x')}}), Contains("does not begin"));
  message(zip({{"a.npy", float_array("(3,)", {1, 2})}}), Contains("(3) of <f4") && Contains("8 bytes"));
  message(zip({{"a.npy", float_array("(1,)", {1, 2})}}), Contains("(1) of <f4"));
  message(zip({{"a.npy", float_array("(1, 1, 1, 1, 1, 1, 1)", {1})}}), Contains("6 axes"));
  message(zip({{"a.npy", float_array("(999999999999, 999999999999)", {1})}}), Contains("63 bits"));
  message(zip({{"a.npy", float_array("(4000000000, 1000000000)", {1})}}), Contains("(4000000000, 1000000000)"));
  message(zip({{"a.npy", float_array("(-1,)", {1})}}), Contains("shape"));
  message(zip({{"a.npy", float_array("(1", {1})}}), Contains("shape"));
  message(zip({{"a.npy", npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", floats({1}))}}),
          Contains("fortran_order"));
  message(zip({{"a.npy", npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", floats({1}))}}),
          Contains("element type"));
  message(zip({{"a.npy", npy("{}", floats({1}))}}), Contains("element type"));

  const io::NpzFile file(files.write(zip({{"a.npy", good}})));
  CHECK_THROWS_WITH(file.read<double>("a"), Contains("<f8") && Contains("<f4"));
  CHECK_THROWS_WITH(file.read<float>("b"), Contains("\"b\"") && Contains("\"a\""));
  CHECK_THROWS_WITH(io::NpzFile("/no/such.npz"), Contains("/no/such.npz"));
  CHECK_THROWS_AS(io::NpzFile(files.folder.path().string()), FileError);
}

TEST_CASE("a file cut short anywhere gives an error", "[io][npz][errors]") {
  Files files;
  const std::string whole =
      zip({{"a.npy", float_array("(2, 3)", {1, 2, 3, 4, 5, 6})}, {"b.npy", float_array("()", {1})}});
  const std::string path = files.write(whole);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    REQUIRE_THROWS_AS(read_all(path), FileError);
  }
}

TEST_CASE("damaged bytes give a FileError or are read, and never anything else", "[io][npz][errors]") {
  Files files;
  const std::string whole =
      zip({{"a.npy", float_array("(2, 3)", {1, 2, 3, 4, 5, 6})}, {"b.npy", float_array("()", {1})}});
  const std::string path = files.write(whole);
  const Random random{1, stream_id("damage"), 0};
  for (std::uint64_t round = 0; round < 3000; ++round) {
    std::string damaged = whole;
    for (std::uint64_t k = 0; k <= round % 3; ++k) {
      const Philox p = random.words(4 * round + k);
      damaged[p.word[0] % damaged.size()] = static_cast<char>(p.word[1] % 3 ? p.word[2] : p.word[3] % 2 ? 0xFF : 0);
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
    try {
      read_all(path);
    } catch (const FileError&) {
    }
  }
  SUCCEED();
}
