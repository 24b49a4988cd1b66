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
const std::filesystem::path other_types = folder / "other_types.h5";

std::vector<float> values(const Tensor<float>& t) { return {t.span().begin(), t.span().end()}; }

}  // namespace

TEST_CASE("weights of 64 and 16 bits are read, and a list of names that Keras has cut", "[io][hdf5]") {
  Sequential<float> model{{2}, Dense{.units = 3, .name = "first"}, Dense{.units = 1, .name = "second"}};
  io::load_weights(model, other_types);
  const auto &first = model.layers()[0]->parameters(), &second = model.layers()[1]->parameters();
  CHECK(values(first[0].value) == std::vector<float>{0.5f, -1, 2, 3, 4.25f, -8});
  CHECK(values(first[1].value) == std::vector<float>{1, 2, 3});
  CHECK(values(second[0].value) == std::vector<float>{0.25f, -2, 1007.0f / 16777216});  // the last one is subnormal
  CHECK(values(second[1].value) == std::vector<float>{-0.5f});
}

TEST_CASE("what a HDF5 file does not hold, or not as numbers in one piece, is named", "[io][hdf5][errors]") {
  const auto file = io::open_hdf5(other_types);
  Tensor<float> to({3, 2});
  const auto refused = [&](const std::string& dataset, const std::string& words) {
    CHECK_THROWS_WITH(file->read(dataset, to.view()),
                      StartsWith(other_types.string() + ": ") && Contains("\"" + dataset + "\"") && Contains(words));
  };
  refused("first/kernel:0", "has no dataset");
  refused("first/first/kernel:0", "is (2, 3), expected (3, 2)");
  refused("odd", "is no dataset");
  refused("odd/chunks", "is stored in chunks");
  refused("odd/integers", "does not hold little-endian floating numbers");
  refused("odd/axes", "more than 6 axes");
  CHECK(file->shape("odd/nothing") == Shape{0, 3});
  CHECK_NOTHROW(file->read("odd/nothing", Tensor<float>({0, 3}).view()));
  CHECK_FALSE(file->has_attribute("nowhere", "weight_names"));
  CHECK_THROWS_WITH(file->text("first", "weight_names"),
                    Contains("\"weight_names\"") && Contains("2 texts, expected one"));
}

#ifdef BRINDLE_HDF5

TEST_CASE("a file that HDF5's library cannot read is named with the library's reason", "[io][hdf5][errors]") {
  const TemporaryFolder out;
  const auto bytes = read_file(folder / "tiny_seq_latest.h5");
  const std::string whole(bytes.begin(), bytes.end());
  replace_file(out / "half.h5", whole.substr(0, whole.size() / 2));
  CHECK_THROWS_WITH(io::open_hdf5(out / "half.h5"),
                    StartsWith((out / "half.h5").string() + ": ") && Contains("(HDF5: "));
  CHECK_THROWS_WITH(io::open_hdf5("inner.h5", whole.substr(0, whole.size() / 2)), StartsWith("inner.h5: "));
  const auto from_memory = io::open_hdf5("inner.h5", whole);
  CHECK(from_memory->has_attribute("/", "model_config"));
}

#endif
