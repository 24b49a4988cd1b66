// SPDX-License-Identifier: MIT
// Small files that claim to be large: nesting, sizes and counts are bounded before memory, time or stack is spent.
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/io/keras_config.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

std::string nested_text(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

std::string dense_of_keras(const std::string& setting) {
  return R"({"class_name": "Dense", "config": {"name": "d", "units": 1, "mine": )" + setting + "}}";
}

std::string sequential_of_keras(const std::string& layers) {
  return R"({"class_name": "Sequential", "config": {"name": "s", "layers": [)" + layers + "]}}";
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("JSON that nests without end is refused before it is copied", "[io][errors]") {
  CHECK(io::detail::keras_model_config("x", sequential_of_keras(dense_of_keras(nested_text(90)))).layers.size() == 1);
  for (const int depth : {101, 100000, 5000000})
    CHECK_THROWS_WITH(io::detail::keras_model_config("x", sequential_of_keras(dense_of_keras(nested_text(depth)))),
                      Contains("more than 100 deep"));
  // Brackets inside of texts do not nest.
  CHECK(io::detail::parse_json("[\"" + std::string(1000, '[') + R"(\"[[", 1])").size() == 2);

  const TemporaryFolder folder;
  const auto path = folder / "m.safetensors";
  const float value = 0;
  const std::vector<io::SafetensorsEntry> entries{{"a", "F32", {1}, &value, 4}};
  io::write_safetensors(path, entries, {{"brindle", nested_text(100000)}});
  CHECK_THROWS_WITH(io::load_model(path), Contains("cannot be understood"));
  const std::string header = nested_text(100000);
  const std::uint64_t length = header.size();
  brindle::detail::LittleEndianBytes numbers;
  write(path, std::string(numbers.of(&length, 8, 8)) + header);
  CHECK_THROWS_WITH(io::SafetensorsFile(path), Contains("no JSON object"));
}

TEST_CASE("a model of more layers than any model has is refused", "[io][errors]") {
  std::string layers;
  for (int i = 0; i < 10001; ++i) layers.append(i ? "," : "").append(dense_of_keras("0"));
  CHECK_THROWS_WITH(io::detail::keras_model_config("x", sequential_of_keras(layers)), Contains("10000 layers"));

  const TemporaryFolder folder;
  const auto path = folder / "m.safetensors";
  std::string many = "0";
  for (int i = 0; i < 10000; ++i) many += ",0";
  io::write_safetensors(path, {},
                        {{"brindle", R"({"version":1,"name":"m","input_shape":[2],"class_names":[],)"
                                     R"("preprocessing":"none","layers":[)" +
                                         many + R"(],"groups":[]})"}});
  CHECK_THROWS_WITH(io::load_model(path), Contains("10000 layers"));
}

TEST_CASE("a file in a zip file that claims more than can be compressed is refused", "[io][npz][errors]") {
  const TemporaryFolder folder;
  std::ifstream in(std::string(BRINDLE_GOLDENS) + "/../fuzz/corpus/npz/zeros.npz", std::ios::binary);
  std::string zip((std::istreambuf_iterator<char>(in)), {});
  const std::size_t list = zip.rfind("PK\x01\x02");
  REQUIRE(list != std::string::npos);
  zip[list + 27] = 0x70;  // uncompressed: nearly 2 GB
  write(folder / "bomb.npz", zip);
  const io::NpzFile npz((folder / "bomb.npz").string());
  CHECK_THROWS_WITH(npz.shape("bomb"), Contains("compressed ones can hold"));
  zip[list + 10] = 0;  // stored as it is, but of two sizes
  write(folder / "bomb.npz", zip);
  CHECK_THROWS_WITH(io::NpzFile((folder / "bomb.npz").string()).shape("bomb"), Contains("two different sizes"));
}

TEST_CASE("sizes whose product does not fit are refused", "[io][npz][errors]") {
  const TemporaryFolder folder;
  const auto npy = [&](const std::string& shape) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize(118 - 1, ' ');
    write(folder / "a.npy", std::string("\x93NUMPY\x01\0\x76\0", 10) + header + "\n" + std::string(16, '\0'));
    return (folder / "a.npy").string();
  };
  CHECK(io::read_npy<float>(npy("(2, 2)")).size() == 4);
  CHECK_THROWS_AS(io::read_npy<float>(npy("(99999999999999, 99999999999999)")), FileError);
  CHECK_THROWS_AS(io::read_npy<float>(npy("(4294967296, 4294967296)")), FileError);
  CHECK_THROWS_AS(io::read_npy<float>(npy("(1073741824, 4)")), FileError);
}
