#include "brindle/io/hdf5.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::filesystem::path folder = std::filesystem::path(BRINDLE_GOLDENS) / "weights";

/// The same in each layout that this program reads.
const std::vector<std::filesystem::path> other_types = {
    folder / "other_types.h5",
#ifdef BRINDLE_HDF5
    folder / "other_types_latest.h5",
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
    CHECK(file->children("odd") == std::vector<std::string>{"axes", "chunks", "integers", "link", "nothing"});
    CHECK(file->children("nowhere").empty());
    CHECK(file->children("odd/axes").empty());
    CHECK_FALSE(file->has_attribute("nowhere", "weight_names"));
    CHECK_THROWS_WITH(file->texts("first", "names"), Contains("has no attribute \"names\""));
    CHECK_THROWS_WITH(file->text("first", "weight_names"), Contains("\"weight_names\"") && Contains("2 texts"));
  }
  Tensor<float> hundred({100});
  CHECK_THROWS_WITH(io::open_hdf5(other_types[0])->read("odd/chunks", hundred.view()), Contains("is stored in chunks"));
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
