// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/load_onnx.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/save_onnx.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/file_error.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

AnswerTable table() {
  return {.samples = 1000,
          .rows = {{.probability = 0, .answered = 1000, .right = 985},
                   {.probability = 1.0 / 3, .answered = 900, .right = 899}}};
}

/// The description in the header of a saved model.
std::string description(const std::filesystem::path& path) {
  return io::SafetensorsFile(path).metadata().at("brindle");
}

/// Writes a model of one dense layer whose description has `old_text` replaced.
void write_changed(const std::filesystem::path& path, const std::string& old_text, const std::string& new_text) {
  const Sequential<float> model{{2}, Dense{2, softmax}};
  io::save_model(model, path, {.temperature = 1.5, .answers = table()});
  std::string json = description(path);
  const auto at = json.find(old_text);
  REQUIRE(at != std::string::npos);
  json.replace(at, old_text.size(), new_text);
  std::vector<io::SafetensorsEntry> entries;
  for (const auto& p : model.layers()[0]->parameters())
    entries.push_back(
        {"dense/" + p.name, "F32", p.value.shape(), p.value.data(), static_cast<std::int64_t>(p.value.bytes())});
  io::write_safetensors(path, entries, {{"brindle", json}});
}

}  // namespace

TEST_CASE("a saved model keeps the temperature in its weights and its table of thresholds", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> model{{2}, Dense{2, softmax}};
  io::save_model(model, folder / "m", {.temperature = 1.0 / 3, .answers = table()});
  const auto saved = io::load_model(folder / "m");
  CHECK(saved.info.temperature == 1.0 / 3);
  CHECK(saved.info.answers == table());
  CHECK(same_bits(saved.model.layer("dense").parameters()[0].value, model.layer("dense").parameters()[0].value));
}

TEST_CASE("a model without temperature and thresholds is written as before", "[io][saved_model]") {
  const TemporaryFolder folder;
  io::save_model(Sequential<float>{{2}, Dense{2, softmax}}, folder / "m");
  CHECK_THAT(description(folder / "m"), !Contains("temperature") && !Contains("answers"));
  const auto saved = io::load_model(folder / "m");
  CHECK(saved.info.temperature == 1);
  CHECK(saved.info.answers.rows.empty());
}

TEST_CASE("temperatures and thresholds that cannot be are refused before they are written", "[io][saved_model]") {
  const TemporaryFolder folder;
  const Sequential<float> model{{2}, Dense{2, softmax}};
  for (const double t : {0.0, -2.0, std::nan("")})
    CHECK_THROWS_WITH(io::save_model(model, folder / "m", {.temperature = t}), Contains("positive number"));
  AnswerTable wrong = table();
  wrong.rows[1].right = 2000;
  CHECK_THROWS_WITH(io::save_model(model, folder / "m", {.answers = wrong}), Contains("row 1"));
  CHECK_FALSE(std::filesystem::exists(folder / "m"));
}

TEST_CASE("a file whose temperature or thresholds cannot be is refused with its path", "[io][saved_model]") {
  const TemporaryFolder folder;
  const auto path = folder / "m";
  const auto message = [&] { return error_of([&] { io::load_model(path); }); };
  write_changed(path, "\"temperature\":1.5", "\"temperature\":-1.5");
  CHECK_THAT(message(), Contains("m: ") && Contains("positive number, got -1.5"));
  write_changed(path, "\"temperature\":1.5", "\"temperature\":\"warm\"");
  CHECK_THAT(message(), Contains("cannot be understood"));
  write_changed(path, "1000,985", "1000,1985");
  CHECK_THAT(message(), Contains("1985 right of 1000"));
  write_changed(path, ",900,899", ",900");
  CHECK_THAT(message(), Contains("cannot be understood"));
  std::string rows;
  for (int i = 0; i < 41; ++i) rows += "[0,1,1],";
  write_changed(path, "\"rows\":[", "\"rows\":[" + rows);
  CHECK_THAT(message(), Contains("43 rows"));
  // What a later version may add does not hinder.
  write_changed(path, "\"temperature\":1.5", "\"temperature\":1.5,\"mood\":{\"of\":[1,2]}");
  CHECK(io::load_model(path).info.temperature == 1.5);
}

TEST_CASE("a card for people is saved with the model, in ONNX too, and bounded", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> model{{4}, Dense{2, softmax}};
  model.initialize(1);
  const std::string card = "# Pets\n\n| \"cat\" | 0.9 \u00e9 |\n";
  io::save_model(model, folder / "m.safetensors", {.card = card});
  CHECK(io::load_model(folder / "m.safetensors").info.card == card);
  io::save_model(model, folder / "none.safetensors");
  CHECK(io::load_model(folder / "none.safetensors").info.card.empty());
  const auto bytes = read_file(folder / "none.safetensors");
  CHECK_THAT(std::string(bytes.begin(), bytes.end()), !Contains("card"));
  io::save_onnx(model, folder / "m.onnx", {.info = {.card = card}});
  CHECK(io::load_onnx_with_info(folder / "m.onnx").info.card == card);

  const std::string longest(io::ModelInfo::most_card_bytes, 'x');
  io::save_model(model, folder / "long.safetensors", {.card = longest});
  CHECK(io::load_model(folder / "long.safetensors").info.card == longest);
  CHECK_THROWS_WITH(io::save_model(model, folder / "m.safetensors", {.card = longest + "x"}),
                    Contains("save_model: the card has 65537 bytes, expected at most 65536"));
  CHECK_THROWS_WITH(io::save_model(model, folder / "m.safetensors", {.card = "\xff"}), Contains("is no UTF-8"));
  CHECK(io::load_model(folder / "m.safetensors").info.card == card);  // what is refused is not written
}

TEST_CASE("numbers of a saved model that are no whole ones, or too large, are refused", "[io][saved_model][errors]") {
  const TemporaryFolder folder;
  const auto path = folder / "m.safetensors";
  for (const char* version : {"1e57", "2.5", "99999999999999999999", "\"2\"", "true", "-1e19"}) {
    INFO(version);
    write_changed(path, "\"version\":2", std::string("\"version\":") + version);
    CHECK_THROWS_AS(io::load_model(path), FileError);
    CHECK_THROWS_WITH(io::load_model(path), Contains("expected a whole number"));
  }
  write_changed(path, "\"samples\":1000", "\"samples\":1e57");
  CHECK_THROWS_WITH(io::load_model(path), Contains("got 1e+57"));
  write_changed(path, "\"input_shape\":[2]", "\"input_shape\":[1e57]");
  CHECK_THROWS_WITH(io::load_model(path), Contains("got 1e+57"));
}
