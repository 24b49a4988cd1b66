// SPDX-License-Identifier: MIT
#include "brindle/io/run_manifest.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

io::RunManifest example() {
  io::RunManifest run = io::run_manifest("train", {"--data", "a \"b\"", "--seed", "7"});
  run.folders.push_back(
      {"data", {"pets", {{"cat/1.jpg", 3, "aa"}, {"dog/\u00e9.jpg", 1u << 31, "bb"}}, {"cat", "dog"}}});
  run.files.push_back({"weights", {"w.safetensors", 12, "cc"}});
  run.stages.push_back({"Head", {{"loss", {0.1, 1.0 / 3, 1e-300}}, {"val_loss", {0.5, 0.25, -0.0}}}});
  run.stages.push_back({"Fine-tuning", {{"loss", {2.0}}}});
  run.weights = {{"dense", "kernel", "dd"}, {"dense", "bias", "ee"}};
  return run;
}

std::string text_of(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a manifest of a run comes back from its file as it was", "[io][run_manifest]") {
  const TemporaryFolder folder;
  io::RunManifest run = example();
  run.stages[1].figures[0].values.push_back(std::numeric_limits<double>::quiet_NaN());
  io::write_run_manifest(run, folder / "run.json");
  const io::RunManifest read = io::read_run_manifest(folder / "run.json");
  CHECK(read.program == "train");
  CHECK(read.arguments == run.arguments);
  CHECK(read.folder == std::filesystem::current_path().string());
  CHECK(io::different_surroundings(run, read).empty());
  REQUIRE(read.folders.size() == 1);
  CHECK(read.folders[0].name == "data");
  CHECK(read.folders[0].contents.folder == "pets");
  CHECK(read.folders[0].contents.class_names == run.folders[0].contents.class_names);
  CHECK(read.folders[0].contents.files == run.folders[0].contents.files);
  REQUIRE(read.files.size() == 1);
  CHECK(read.files[0].contents == run.files[0].contents);
  CHECK(io::first_difference(run, read).empty());
  CHECK(io::first_difference(read, run).empty());
  io::write_run_manifest(read, folder / "again.json");
  CHECK(text_of(folder / "again.json") == text_of(folder / "run.json"));
}

TEST_CASE("what differs first in a run is its history, by epoch, then its weights", "[io][run_manifest]") {
  const io::RunManifest run = example();
  const auto difference = [&](const auto& change) {
    io::RunManifest other = example();
    change(other);
    return io::first_difference(run, other);
  };
  // The figure of the earlier epoch comes first, whichever it is, by a single bit.
  CHECK(difference([](io::RunManifest& r) {
          r.stages[0].figures[0].values[2] = 0;
          r.stages[0].figures[1].values[1] = std::nextafter(0.25, 1);
          r.weights[0].sha256 = "x";
        }) == "history of Head at epoch 2: val_loss is 0.25000000000000006, recorded was 0.25");
  CHECK(difference([](io::RunManifest& r) { r.stages[0].figures[1].values[2] = 0.0; }) ==
        "history of Head at epoch 3: val_loss is 0, recorded was -0");
  CHECK(difference([](io::RunManifest& r) { r.stages[0].figures[0].values.pop_back(); }) ==
        "history of Head at epoch 3: loss is missing, recorded was 1e-300");
  CHECK_THAT(difference([](io::RunManifest& r) { r.stages[1].figures[0].values.push_back(1); }),
             Contains("history of Fine-tuning at epoch 2: loss is 1, recorded were no more epochs"));
  CHECK(difference([](io::RunManifest& r) { r.stages[0].figures[1].name = "accuracy"; }) ==
        "history of Head: figure 2 is accuracy, recorded was val_loss");
  CHECK(difference([](io::RunManifest& r) { r.stages.pop_back(); }) == "stage 2 is missing, recorded was Fine-tuning");
  CHECK(difference([](io::RunManifest& r) { r.weights[1].sha256 = "x"; }) ==
        "weights: bias of layer \"dense\" has other bits");
  CHECK(difference([](io::RunManifest& r) {
          r.weights.push_back({"more", "kernel", ""});
        }) == "parameter 3 is kernel of layer \"more\", recorded was none");
}

TEST_CASE("other surroundings of a run are told, the number of threads is none", "[io][run_manifest]") {
  const io::RunManifest run = example();
  io::RunManifest other = example();
  CHECK_THAT(run.instruction_set, Contains(ops::cpu_isa()));
  const std::string version = std::to_string(BRINDLE_VERSION_MAJOR) + "." + std::to_string(BRINDLE_VERSION_MINOR) +
                              "." + std::to_string(BRINDLE_VERSION_PATCH);
  CHECK(run.version == version);
  CHECK(io::different_surroundings(run, other).empty());
  other.version = "9.9.9", other.compiler = "a++ 1", other.instruction_set = "none";
  const std::vector<std::string> found = io::different_surroundings(run, other);
  REQUIRE(found.size() == 3);
  CHECK(found[0] == "the version of brindle is 9.9.9, recorded was " + version);
  CHECK_THAT(found[1], Contains("the compiler is a++ 1, recorded was " + run.compiler));
  CHECK_THAT(found[2], Contains("the instruction set is none"));
}

TEST_CASE("recorded weights name every parameter, and one bit gives another name", "[io][run_manifest]") {
  Sequential<float> model{{4}, Dense{3, relu}, BatchNormalization{}, Dense{2, softmax}};
  model.initialize(5);
  const auto before = io::recorded_weights(model);
  REQUIRE(before.size() == 8);
  CHECK(before[0].layer == "dense");
  CHECK(before[0].parameter == "kernel");
  CHECK(before == io::recorded_weights(model));
  float& weight = model.layers()[2]->parameters()[0].value.data()[5];
  weight = std::nextafter(weight, 2.0f);
  const auto after = io::recorded_weights(model);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK((before[i] == after[i]) == (i != 6));
}

TEST_CASE("a file that is no manifest of a run is refused by name", "[io][run_manifest]") {
  const TemporaryFolder folder;
  const auto reads = [&](const std::string& text) {
    replace_file(folder / "run.json", text);
    return [path = folder / "run.json"] { return io::read_run_manifest(path); };
  };
  const std::string name = (folder / "run.json").string();
  for (const char* text : {"", "[]", "{}", "{\"brindle_run\": 1", "7", "{\"brindle_run\": [1]}",
                           "{\"brindle_run\": 1e57}", "{\"brindle_run\": 1, \"program\": 3}"}) {
    INFO(text);
    CHECK_THROWS_AS(reads(text)(), FileError);
    CHECK_THROWS_WITH(reads(text)(), Catch::Matchers::StartsWith(name + ": "));
  }
  CHECK_THROWS_WITH(reads("{\"brindle_run\": 2}")(), Contains("version 2") && Contains("reads version 1"));
  CHECK_THROWS_WITH(reads("{\"brindle_run\": 1e57}")(), Contains("expected a whole number") && Contains("got 1e+57"));
  CHECK_THROWS_WITH(reads("[]")(), Contains("is no manifest of a run"));
  CHECK_THROWS_AS(reads(std::string(101, '[') + std::string(101, ']'))(), FileError);
  CHECK_THROWS_AS(io::read_run_manifest(folder / "none"), FileError);
  // A list of files that somebody changed.
  io::write_run_manifest(example(), folder / "run.json");
  std::string text = text_of(folder / "run.json");
  text.replace(text.find("\"aa\""), 4, "\"ab\"");
  CHECK_THROWS_WITH(reads(text)(), Contains("the files of folder \"data\" do not have its SHA-256"));
  io::RunManifest bytes = example();
  bytes.arguments = {"\xff"};
  CHECK_THROWS_AS(io::write_run_manifest(bytes, folder / "run.json"), ValueError);
}
