// SPDX-License-Identifier: MIT
#include "brindle/io/hdf5.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/nn/nn.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::filesystem::path hdf5_goldens = std::filesystem::path(BRINDLE_GOLDENS) / "weights";

/// The same in each layout that this program reads.
const std::vector<std::filesystem::path> other_types = {
    hdf5_goldens / "other_types.h5",
#ifdef BRINDLE_HDF5
    hdf5_goldens / "other_types_latest.h5",
#endif
};

std::vector<float> values(const Tensor<float>& t) { return {t.span().begin(), t.span().end()}; }

}  // namespace

TEST_CASE("weights of 64 and 16 bits are read, and a list of names that Keras has cut", "[io][hdf5]") {
  for (const auto& path : other_types) {
    CAPTURE(path);
    Sequential<float> model{{2}, Dense{.units = 3, .name = "first"}, Dense{.units = 1, .name = "second"}};
    io::load_weights(model, path);
    const auto &first = model.layers()[0]->parameters(), &second = model.layers()[1]->parameters();
    CHECK(values(first[0].value) == std::vector<float>{0.5f, -1, 2, 3, 4.25f, -8});
    CHECK(values(first[1].value) == std::vector<float>{1, 2, 3});
    CHECK(values(second[0].value) == std::vector<float>{0.25f, -2, 1007.0f / 16777216});  // the last is subnormal
    CHECK(values(second[1].value) == std::vector<float>{-0.5f});
  }
}

TEST_CASE("what a HDF5 file does not hold, or not as numbers, is named", "[io][hdf5][errors]") {
  for (const auto& path : other_types) {
    const auto file = io::open_hdf5(path);
    Tensor<float> to({3, 2});
    const auto refused = [&](const std::string& dataset, const std::string& words) {
      CHECK_THROWS_WITH(file->read(dataset, to.view()),
                        StartsWith(path.string() + ": ") && Contains("\"" + dataset + "\"") && Contains(words));
    };
    refused("first/kernel:0", "has no dataset");
    refused("first/first/kernel:0", "is (2, 3), expected (3, 2)");
    refused("odd", "is no dataset");
    refused("odd/integers", "floating numbers of 16, 32 or 64 bits");
    refused("odd/axes", "more than 6 axes");
    refused("odd/link", "not followed");
    CHECK(file->shape("odd/nothing") == Shape{0, 3});
    CHECK_NOTHROW(file->read("odd/nothing", Tensor<float>({0, 3}).view()));
    CHECK(file->children("odd") ==
          std::vector<std::string>{"axes", "chunks", "integers", "link", "nothing", "one", "short"});
    CHECK(file->integer("odd/one") == 3 - (std::int64_t{1} << 40));
    CHECK(file->integer("odd/short") == -5);
    CHECK_THROWS_WITH(file->integer("odd/nowhere"), Contains("has no dataset \"odd/nowhere\""));
    CHECK_THROWS_WITH(file->integer("odd/integers"), Contains("odd/integers"));
    CHECK_THROWS_WITH(file->integer("first/first/bias:0"), Contains("whole number"));
    CHECK_THROWS_WITH(file->integer("odd"), Contains("is no dataset"));
    CHECK(file->children("nowhere").empty());
    CHECK(file->children("odd/axes").empty());
    CHECK_FALSE(file->has_attribute("nowhere", "weight_names"));
    CHECK_THROWS_WITH(file->texts("first", "names"), Contains("has no attribute \"names\""));
    CHECK_THROWS_WITH(file->text("first", "weight_names"), Contains("\"weight_names\"") && Contains("2 texts"));
  }
}

namespace {

const std::filesystem::path chunked = hdf5_goldens / "chunked.h5";

/// Whether gzip can be read: the library was built with zlib, and so was this test.
bool has_zlib() {
#ifdef BRINDLE_ZLIB
  return true;
#else
  return false;
#endif
}

}  // namespace

TEST_CASE("datasets in chunks are read, through the filters that h5py puts them through", "[io][hdf5]") {
  const auto file = io::open_hdf5(chunked);
  std::vector<std::string> names{"plain", "one", "larger", "shuffle_alone", "fletcher32"};
  const std::vector<std::string> compressed{"gzip", "shuffle", "all", "halves", "doubles"};
  if (has_zlib()) names.insert(names.end(), compressed.begin(), compressed.end());
  for (const std::string& name : names) {
    INFO(name);
    CHECK(file->shape(name) == Shape{7, 5, 3});
    Tensor<float> to({7, 5, 3});
    file->read(name, to.view());
    for (std::int64_t i = 0; i < to.size(); ++i) REQUIRE(to[i] == static_cast<float>(i));
  }
  CHECK_NOTHROW(file->read("nothing", Tensor<float>({0, 3}).view()));
  if (!has_zlib()) {
    Tensor<float> to({7, 5, 3});
    CHECK_THROWS_WITH(file->read("gzip", to.view()), Contains("needs zlib"));
    return;
  }
  Tensor<float> many({500});
  file->read("many", many.view());
  for (std::int64_t i = 0; i < 500; ++i) REQUIRE(many[i] == static_cast<float>(i));

  const Golden golden("weights/tiny_seq.npz");
  Sequential<float> model{{12, 12, 3},
                          Conv2D{.filters = 4, .kernel = 3, .name = "conv2d_1"},
                          MaxPooling2D{2},
                          Conv2D{.filters = 6, .kernel = 3, .stride = 2, .padding = Padding::same, .name = "conv2d_2"},
                          Flatten{},
                          Dense{.units = 8, .name = "dense_1"},
                          Dense{.units = 1, .name = "dense_2"}};
  io::load_weights(model, hdf5_goldens / "tiny_seq_chunked.weights.h5");
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters())
      CHECK(same_bits(p.value, golden.get<float>("w." + layer->name + "." + p.name)));
}

TEST_CASE("chunks that were never written, or are compressed in another way, are refused by name", "[io][hdf5]") {
  const auto file = io::open_hdf5(chunked);
  Tensor<float> to({7, 5, 3});
  const auto refused = [&](const std::string& dataset, const std::string& words) {
    CHECK_THROWS_WITH(file->read(dataset, to.view()), StartsWith(chunked.string() + ": byte ") &&
                                                          Contains("dataset \"" + dataset + "\"") && Contains(words));
  };
  refused("lzf", "is compressed by the filter \"lzf\", which is not supported; save it with gzip");
  refused("scaled", "is compressed by the filter");
  refused("unwritten", "has chunks that were never written");
  refused("holes", "has chunks that were never written");
}

TEST_CASE("texts of variable length are read, in a list, and one by itself", "[io][hdf5]") {
  const auto file = io::open_hdf5(chunked);
  CHECK(file->text("/", "text") == "of variable length, \xc3\xa4");
  CHECK(file->texts("/", "texts") == std::vector<std::string>{"one", "", "three"});
}

TEST_CASE("each changed byte of a chunk with a checksum is found, and other damage is an error or other numbers",
          "[io][hdf5][errors]") {
  const auto bytes = read_file(chunked);
  const std::string whole(bytes.begin(), bytes.end());
  const auto read = [&](const std::string& content, const std::string& name) {
    const auto file = io::open_hdf5("damaged.h5", content);
    Tensor<float> to(file->shape(name));
    file->read(name, to.view());
    return to;
  };
  // The numbers 0 to 9 by 3, as the first chunk of "fletcher32" has them.
  const std::string first("\0\0\0\0\0\0\x80\x3f\0\0\x40\x40", 12);
  int found = 0;
  for (std::size_t at = whole.find(first); at != std::string::npos; at = whole.find(first, at + 1)) {
    std::string changed = whole;
    changed[at + 6] ^= 1;
    try {
      const Tensor<float> to = read(changed, "fletcher32");
      CHECK(to[1] == 1);  // another dataset's
    } catch (const FileError& e) {
      CHECK_THAT(e.what(), Contains("dataset \"fletcher32\" has a chunk that does not have its checksum"));
      ++found;
    }
  }
  CHECK(found == 1);
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    for (const char* name : {"plain", "all", "many"}) try {
        read(changed, name);
      } catch (const FileError&) {
      }
  }
}

#ifdef BRINDLE_HDF5

TEST_CASE("a file that HDF5's library cannot read is named with the library's reason", "[io][hdf5][errors]") {
  const TemporaryFolder out;
  const auto bytes = read_file(other_types[1]);
  const std::string whole(bytes.begin(), bytes.end()), half = whole.substr(0, whole.size() / 2);
  replace_file(out / "half.h5", half);
  CHECK_THROWS_WITH(io::open_hdf5(out / "half.h5"),
                    StartsWith((out / "half.h5").string() + ": ") && Contains("(HDF5: "));
  CHECK_THROWS_WITH(io::open_hdf5("inner.h5", half), StartsWith("inner.h5: "));
  Tensor<float> hundred({100});
  io::open_hdf5("inner.h5", whole)->read("odd/chunks", hundred.view());
  CHECK(hundred[99] == 99);
}

#endif
