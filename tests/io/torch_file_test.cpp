// SPDX-License-Identifier: MIT
#include "brindle/io/torch_file.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/torch_weights.hpp"
#include "brindle/nn/nn.hpp"
#include "support/file_error.hpp"
#include "support/golden.hpp"
#include "support/made_weights.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// Against float64, over two dense layers.
constexpr double torch_tolerance = 1e-6;

std::string torch_file(const std::string& name) {
  return std::string(BRINDLE_GOLDENS) + "/weights/torch_" + name + ".pt";
}

/// The network of goldens/make_torch_files.py; its layers have the modules' names.
Sequential<float> network_of_torch() {
  return Sequential<float>{{9, 8, 3},
                           Conv2D{.filters = 4, .kernel = {3, 2}, .padding = Border(1), .name = "conv"},
                           BatchNormalization{.epsilon = 1e-5, .name = "bn"},
                           Activation{relu},
                           DepthwiseConv2D{.kernel = 3, .name = "dw"},
                           MaxPooling2D{2},
                           Flatten{},
                           BatchNormalization{.epsilon = 1e-5, .name = "norm"},
                           Dense{.units = 36, .activation = relu, .name = "fc1"},
                           Dense{.units = 3, .name = "fc2"}};
}

void check_outputs(const Model<float>& model) {
  const Golden golden("torch_files.npz");
  check_close("y", model.predict(golden.get<float>("x")), golden.get<double>("y"), torch_tolerance, 0);
}

std::string refusal_of_torch(const std::string& name) {
  const std::string error = error_of([&] { io::TorchFile(std::filesystem::path(torch_file(name))); });
  CHECK_THAT(error, StartsWith(torch_file(name) + ": "));
  return error;
}

}  // namespace

TEST_CASE("a state by torch.save gives a model PyTorch's outputs, whatever its elements and their order",
          "[io][torch]") {
  for (const char* name : {"state", "protocol5", "double", "parameters", "views", "without_checksums"}) {
    INFO(name);
    auto model = network_of_torch();
    io::load_torch_weights(model, torch_file(name), {});
    check_outputs(model);
    auto by_format = network_of_torch();
    CHECK(io::load_weights(by_format, torch_file(name)).empty());
    CHECK(same_bits(by_format.layer("fc1").parameters()[0].value, model.layer("fc1").parameters()[0].value));
  }
}

TEST_CASE("halves and bfloat16 of torch.save are read exactly", "[io][torch]") {
  const Golden golden("torch_files.npz");
  for (const std::string name : {"half", "bfloat16"}) {
    const io::TorchFile file(torch_file(name));
    CHECK(file.entries().at("fc1.weight").dtype == (name == "half" ? "F16" : "BF16"));
    Tensor<float> read({36, 36});
    file.read_into("fc1.weight", read.view());
    CHECK(same_bits(read, golden.get<float>(name)));
    auto model = network_of_torch();
    io::load_torch_weights(model, torch_file(name), {});
  }
}

TEST_CASE(
    "a dense layer behind a Flatten gets its rows in the order of channels last, and is the same from safetensors",
    "[io][torch]") {
  auto model = network_of_torch();
  io::load_torch_weights(model, torch_file("state"), {});
  const auto& kernel = model.layer("fc1").parameters()[0].value;  // (36, 36): turned or not, it would fit
  const Tensor<float> weight = made_weights("fc1.weight", {36, 36}, 1);
  const Tensor<float> mean = made_weights("norm.running_mean", {36}, 1);
  for (std::int64_t place = 0; place < 9; ++place)
    for (std::int64_t channel = 0; channel < 4; ++channel) {
      const std::int64_t ours = place * 4 + channel, theirs = channel * 9 + place;
      CHECK(model.layer("norm").parameters()[2].value[ours] == mean[theirs]);
      for (const std::int64_t unit : {0, 35}) CHECK(kernel[ours * 36 + unit] == weight[unit * 36 + theirs]);
    }

  const TemporaryFolder folder;
  const io::TorchFile file(torch_file("state"));
  std::vector<Tensor<float>> values;
  std::vector<io::SafetensorsEntry> entries;
  for (const auto& [name, entry] : file.entries()) {
    if (entry.dtype != "F32") continue;
    values.emplace_back(entry.shape);
    file.read_into(name, values.back().view());
    entries.push_back({name, "F32", entry.shape, values.back().data(), 4 * entry.shape.size()});
  }
  io::write_safetensors(folder / "state.safetensors", entries);
  auto same = network_of_torch();
  io::load_torch_weights(same, folder / "state.safetensors", {});
  check_outputs(same);
  CHECK_THROWS_WITH(io::load_torch_weights(same, folder / "state.safetensors", {}, {.state = "model"}),
                    Contains("has no dict \"model\" inside it"));
}

TEST_CASE("a dense layer may be a convolution over all of its picture in PyTorch", "[io][torch]") {
  const TemporaryFolder folder;
  const Tensor<float> weight = random_tensor<float>({5, 4, 2, 3}, 1), bias = random_tensor<float>({5}, 2);
  const std::vector<io::SafetensorsEntry> entries{{"c.weight", "F32", weight.shape(), weight.data(), 480},
                                                  {"c.bias", "F32", bias.shape(), bias.data(), 20}};
  io::write_safetensors(folder / "w.safetensors", entries);
  Sequential<float> dense{{2, 3, 4}, Flatten{}, Dense{.units = 5, .name = "c"}};
  Sequential<float> conv{{2, 3, 4}, Conv2D{.filters = 5, .kernel = {2, 3}, .name = "c"}};
  io::load_torch_weights(dense, folder / "w.safetensors", {});
  io::load_torch_weights(conv, folder / "w.safetensors", {});
  const auto x = random_tensor<float>({3, 2, 3, 4}, 3);
  Sequential<float> flat{std::move(conv), Flatten{}};
  check_close("y", dense.predict(x), flat.predict(x), 1e-6, 0);
}

TEST_CASE("weights behind what mixes rows and channels otherwise than PyTorch are refused, not guessed",
          "[io][torch]") {
  const TemporaryFolder folder;
  const auto write = [&](const Shape& weight) {
    const Tensor<float> values(weight), bias({weight[0]});
    const std::vector<io::SafetensorsEntry> entries{{"d.weight", "F32", weight, values.data(), 4 * weight.size()},
                                                    {"d.bias", "F32", bias.shape(), bias.data(), 4 * weight[0]}};
    io::write_safetensors(folder / "w.safetensors", entries);
    return folder / "w.safetensors";
  };
  const Dense d{.units = 8, .name = "d"};
  Sequential<float> reshaped{{2, 2, 2}, Reshape{{4, 2}}, Flatten{}, d};
  CHECK_THROWS_WITH(
      io::load_torch_weights(reshaped, write({8, 8}), {}),
      Contains("tensor \"d.weight\" is of layer \"d\", which reads what Reshape \"reshape\" puts in another "
               "order than PyTorch does") ||
          Contains("tensor \"d.bias\" is of layer \"d\", which reads what Reshape \"reshape\" puts"));
  Model<float> joined{{2, 2, 2}, [&](auto x) {
                        const auto row = x.then(Flatten{});
                        return concatenate(row, row).then(d);
                      }};
  CHECK_THROWS_WITH(io::load_torch_weights(joined, write({8, 16}), {}), Contains("Concatenate \"concatenate\" puts"));
  // What has one row, column or channel alone is in one order for both.
  Sequential<float> one{{1, 1, 8}, Reshape{{8}}, Reshape{{1, 1, 8}}, Flatten{}, d};
  CHECK_NOTHROW(io::load_torch_weights(one, write({8, 8}), {}));
  Model<float> added{{2, 2, 2}, [&](auto x) {
                       const auto row = x.then(Flatten{});
                       return (row + row).then(Dropout{0.5}, d);
                     }};
  CHECK_NOTHROW(io::load_torch_weights(added, write({8, 8}), {}));
}

TEST_CASE("a state inside a checkpoint is found, and told with what is passed over", "[io][torch]") {
  std::vector<std::string> told;
  auto model = network_of_torch();
  io::load_torch_weights(model, torch_file("checkpoint"), {},
                         {.tell = [&](const std::string& line) { told.push_back(line); }});
  check_outputs(model);
  REQUIRE(told.size() == 3);
  CHECK(told[0] == torch_file("checkpoint") + ": the weights are those that stand under \"model\"");
  CHECK(told[1] == torch_file("checkpoint") +
                       ": passed over: \"epoch\", \"optimizer\", \"loss\", \"classes\", \"big\", \"none\", \"size\"");
  CHECK(told[2] == torch_file("checkpoint") + ": all names begin with \"module.\", which is passed over");

  CHECK_THAT(refusal_of_torch("two"), Contains("holds several dicts of tensors: \"net\", \"ema\"; say which: "
                                               "load_torch_weights(model, path, names, {.state = \"net\"})"));
  CHECK(io::TorchFile(torch_file("two"), "ema").entries().size() == 1);
  CHECK_THROWS_WITH(io::TorchFile(torch_file("two"), "best"), Contains("holds no dict of tensors \"best\"; there are: "
                                                                       "\"net\", \"ema\""));
  CHECK_THAT(refusal_of_torch("none"), Contains("holds no tensors by name; its keys are: \"epoch\", \"classes\""));
}

TEST_CASE("a file by torch.save that is more than tensors, numbers, texts, lists and dicts is refused by name",
          "[io][torch]") {
  CHECK_THAT(refusal_of_torch("module"),
             Contains("asks for \"torch.nn.modules.linear.Linear\"; read are tensors, numbers, texts, "
                      "lists and dicts, and no code of a file is run") &&
                 Contains("torch.save(model.state_dict(), path)"));
  CHECK_THAT(refusal_of_torch("evil"), Contains("asks for \"posix.system\""));
  CHECK_THAT(refusal_of_torch("quantized"),
             Contains("asks for \"torch._utils._rebuild_qtensor\"") || Contains("asks for \"torch.QInt8Storage\""));
  CHECK_THAT(refusal_of_torch("sparse"), Contains("asks for \"torch._utils._rebuild_sparse_tensor\""));
  CHECK_THAT(refusal_of_torch("complex"), Contains("asks for \"torch.ComplexFloatStorage\""));
  CHECK_THAT(refusal_of_torch("script"), Contains("is a program by torch.jit.save"));
  CHECK_THAT(refusal_of_torch("list"), Contains("holds a list, expected the state of a module"));
  Sequential<float> model{{2}, Dense{.units = 2, .use_bias = false, .name = "a"}};
  CHECK_THROWS_WITH(io::load_weights(model, torch_file("whole_numbers")),
                    Contains("tensor \"a.weight\" holds I32, expected floating numbers"));
  CHECK_THROWS_WITH(
      io::load_weights(model, torch_file("old")),
      StartsWith(torch_file("old") + ": is a pickle without the zip archive, as torch.save wrote it before "
                                     "PyTorch 1.6") &&
          Contains("torch.save(torch.load(path"));
  CHECK_THROWS_WITH(io::weight_file(torch_file("state")), Contains("is a file by torch.save, whose axes depend on"));
}

TEST_CASE("a file by torch.save whose names or shapes are not the model's is refused, and the model is as it was",
          "[io][torch]") {
  Sequential<float> model{{2}, Dense{.units = 2, .name = "b"}};
  const Tensor<float> before = model.layers()[0]->parameters()[0].value.clone();
  CHECK_THROWS_WITH(io::load_torch_weights(model, torch_file("two"), {}, {.state = "net"}),
                    Contains("missing: layer \"b\"") && Contains("surplus: layer \"a\""));
  CHECK_THROWS_WITH(io::load_torch_weights(model, torch_file("two"), {{"a", "b"}}, {.state = "net"}),
                    Contains("missing: \"bias\" of layer \"b\""));
  CHECK(same_bits(model.layers()[0]->parameters()[0].value, before));
  Sequential<float> other{{2}, Dense{.units = 2, .use_bias = false, .name = "b"}};
  io::load_torch_weights(other, torch_file("two"), {{"a", "b"}}, {.state = "net"});
  CHECK(other.layers()[0]->parameters()[0].value[3] == 1);
}

TEST_CASE("PyTorch's square weights do not load by the way, turned, under any of their names", "[io][torch]") {
  const TemporaryFolder folder;
  const std::string path = (folder / "square.safetensors").string();
  const Tensor<float> square = random_tensor<float>({3, 3}, 1), bias = random_tensor<float>({3}, 2);
  Sequential<float> model{{3}, Dense{.units = 3, .name = "d"}};
  const Tensor<float> before = model.layers()[0]->parameters()[0].value.clone();
  // weight_v and weight_g are of weight_norm, original0 of its parametrization; w and W of nobody known.
  for (const std::string name : {"d.weight", "d/weight", "d/weight:0", "d.weight_v", "d.weights", "d.w", "d.original0",
                                 "d.parametrizations.weight.original1"}) {
    INFO(name);
    const std::vector<io::SafetensorsEntry> entries{{name, "F32", square.shape(), square.data(), 36},
                                                    {"d.bias", "F32", bias.shape(), bias.data(), 12}};
    io::write_safetensors(path, entries);
    CHECK_THROWS_WITH(io::load_weights(model, path),
                      Contains(name.find("weight") == 2 && name.size() < 11 && name.find('_') == std::string::npos &&
                                       name.find("weights") == std::string::npos
                                   ? "is named as PyTorch names it"
                                   : "missing: \"kernel\" of layer \"d\""));
    CHECK(same_bits(model.layers()[0]->parameters()[0].value, before));
  }
  // Nor convolutions, where all four sizes are the same.
  Sequential<float> cube{{5, 5, 3}, Conv2D{.filters = 3, .kernel = 3, .use_bias = false, .name = "c"}};
  const Tensor<float> filters = random_tensor<float>({3, 3, 3, 3}, 3);
  for (const std::string name : {"c.weight", "c.weight_v"}) {
    const std::vector<io::SafetensorsEntry> entries{{name, "F32", filters.shape(), filters.data(), 324}};
    io::write_safetensors(path, entries);
    CHECK_THROWS_AS(io::load_weights(cube, path), FileError);
  }
  const std::vector<io::SafetensorsEntry> entries{{"c.weight", "F32", filters.shape(), filters.data(), 324}};
  io::write_safetensors(path, entries);
  io::load_torch_weights(cube, path, {});
  const auto& kernel = cube.layers()[0]->parameters()[0].value;
  for (std::int64_t i = 0; i < 81; ++i) CHECK(kernel[(i % 9) * 9 + i / 9 % 3 * 3 + i / 27] == filters[i]);
}

TEST_CASE("a damaged file by torch.save is refused by a FileError, wherever it is changed", "[io][torch]") {
  const TemporaryFolder folder;
  const std::vector<std::uint8_t> whole = read_file(torch_file("two"));
  const auto refused = [&](std::vector<std::uint8_t> bytes) {
    const std::filesystem::path path = folder / "damaged.pt";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    try {
      const io::TorchFile file(path, "net");
      for (const auto& [name, entry] : file.entries()) {
        Tensor<float> values(entry.shape);
        file.read_into(name, values.view());
      }
      return false;
    } catch (const FileError& e) {
      CHECK_THAT(e.what(), StartsWith(path.string() + ":"));
      return true;
    }
  };
  CHECK_FALSE(refused(whole));
  for (std::size_t size = 0; size < whole.size(); size += 13)
    CHECK(refused({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
  // The elements of the tensor and the pickle have checksums.
  const std::string text(whole.begin(), whole.end());
  for (const std::string& part : {std::string("_rebuild_tensor_v2"), std::string("\0\0\x80\x3f\0\0\x80\x3f", 8)}) {
    std::vector<std::uint8_t> changed = whole;
    const std::size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    changed[at + 3] ^= 1;
    CHECK(refused(changed));
  }
}
