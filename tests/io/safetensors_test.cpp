// SPDX-License-Identifier: MIT
#include "brindle/io/safetensors.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

std::string file_of(const TemporaryFolder& folder, const std::string& header, const std::string& data = "") {
  const std::string path = (folder.path() / "t.safetensors").string();
  std::ofstream out(path, std::ios::binary);
  const std::uint64_t length = header.size();
  brindle::detail::LittleEndianBytes numbers;
  out << numbers.of(&length, 8, 8);
  out << header << data;
  return path;
}

}  // namespace

TEST_CASE("safetensors come back as they were written", "[io][safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.safetensors";
  const Tensor<float> a = random_tensor<float>({3, 4, 5}, 1);
  const Tensor<double> b = random_tensor<double>({7}, 2);
  const Tensor<float> empty({0, 4});
  const std::vector<io::SafetensorsEntry> entries{
      {"conv/kernel:0", "F32", a.shape(), a.data(), static_cast<std::int64_t>(a.bytes())},
      {"b", "F64", b.shape(), b.data(), static_cast<std::int64_t>(b.bytes())},
      {"none", "F32", empty.shape(), empty.data(), 0}};
  io::write_safetensors(path, entries, {{"format", "brindle"}});
  io::SafetensorsFile file(path);
  CHECK(file.entries().size() == 3);
  CHECK(file.metadata().at("format") == "brindle");
  CHECK(file.entry("conv/kernel:0").begin % 64 == 0);
  CHECK(same_bits(file.read<float>("conv/kernel:0"), a));
  CHECK(same_bits(file.read<double>("b"), b));
  CHECK(same_bits(file.read<double>("conv/kernel:0"), converted<double>(a)));
  CHECK(file.read<float>("none").shape() == Shape{0, 4});
  CHECK_THROWS_WITH(file.read<float>("kernel"),
                    Contains("\"kernel\"") && Contains("conv/kernel:0") && Contains("a.safetensors"));
  Tensor<float> wrong({5});
  CHECK_THROWS_WITH(file.read_into<float>("conv/kernel:0", wrong.view()), Contains("(3, 4, 5)") && Contains("(5)"));
  CHECK_THROWS_WITH(file.read<std::int64_t>("b"), Contains("F64") && Contains("I64"));
}

TEST_CASE("an empty array may begin where another one does", "[io][safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.safetensors";
  const Tensor<float> a = random_tensor<float>({3}, 1);
  for (const char* empty : {"before", "z behind"}) {  // in the order of names
    const std::vector<io::SafetensorsEntry> entries{{empty, "F32", {0}, nullptr, 0},
                                                    {"some", "F32", {3}, a.data(), 12}};
    io::write_safetensors(path, entries);
    io::SafetensorsFile file(path);
    CHECK(file.read<float>(empty).size() == 0);
    CHECK(same_bits(file.read<float>("some"), a));
  }
}

TEST_CASE("half and brain floats are read as floats", "[io][safetensors]") {
  const TemporaryFolder folder;
  const std::vector<std::uint16_t> bits{0x3C00, 0xC000, 0x0001, 0x7BFF, 0x0000};
  brindle::detail::LittleEndianBytes numbers;
  const std::string data(numbers.of(bits.data(), bits.size() * 2, 2));
  io::SafetensorsFile half(file_of(folder, R"({"x":{"dtype":"F16","shape":[5],"data_offsets":[0,10]}})", data));
  const auto x = half.read<float>("x");
  CHECK(x[0] == 1.0f);
  CHECK(x[1] == -2.0f);
  CHECK(x[2] == 0x1p-24f);
  CHECK(x[3] == 65504.0f);
  CHECK(x[4] == 0.0f);
  io::SafetensorsFile brain(file_of(folder, R"({"x":{"dtype":"BF16","shape":[5],"data_offsets":[0,10]}})", data));
  CHECK(brain.read<float>("x")[1] == -2.0f);
}

TEST_CASE("a damaged safetensors file is refused with path, tensor and byte", "[io][safetensors]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& header, const std::string& data, const std::string& words) {
    const std::string path = file_of(folder, header, data);
    INFO(header);
    CHECK_THROWS_AS(io::SafetensorsFile(path), FileError);
    CHECK_THROWS_WITH(io::SafetensorsFile(path), Contains(path) && Contains(words));
  };
  const std::string eight(8, 'x');
  refused("", "", "no JSON");
  refused("[1]", "", "no JSON object");
  refused(R"({"a":3})", "", "no JSON object");
  refused(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", eight, "cut short");
  refused(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight, "does not fill");
  refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", eight, "data_offsets");
  refused(R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", eight, "F99");
  refused(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight, "whole numbers");
  refused(R"({"a":{"dtype":"F32","shape":[1099511627775,1099511627775],"data_offsets":[0,8]}})", eight, "\"a\"");
  refused(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,2],"data_offsets":[0,8]}})", eight, "too long");
  refused(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
      eight, "overlap");
  refused(R"({"__metadata__":{"k":1}})", "", "metadata");

  const std::string path = (folder.path() / "short").string();
  std::ofstream(path) << "abc";
  CHECK_THROWS_WITH(io::SafetensorsFile(path), Contains("begins with 8 bytes"));
  std::ofstream(path) << std::string(16, '\xff');
  CHECK_THROWS_WITH(io::SafetensorsFile(path), Contains("no safetensors file"));
  CHECK_THROWS_AS(io::SafetensorsFile(folder.path() / "missing"), FileError);
  CHECK_THROWS_AS(io::SafetensorsFile(folder.path()), FileError);
}

TEST_CASE("a tensor of another shape or kind than is asked for is refused with both", "[io][safetensors]") {
  const TemporaryFolder folder;
  const std::int64_t numbers[] = {1, 2};
  const std::vector<io::SafetensorsEntry> entries{{"a", "I64", {2}, numbers, 16}};
  io::write_safetensors(folder / "t", entries);
  io::SafetensorsFile file(folder / "t");
  Tensor<float> two({2}), three({3});
  CHECK_THROWS_WITH(file.read_into<float>("a", three.view()), Contains("\"a\" has shape (2), expected (3)"));
  CHECK_THROWS_WITH(file.read_into<float>("a", two.view()), Contains("\"a\" holds I64, expected F32"));
  CHECK_THROWS_WITH(file.entry("b"), Contains("has no tensor \"b\"; there are: a"));
}
