// SPDX-License-Identifier: MIT
#include "brindle/models/suggest_pictures.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/report/suggestions.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// A picture of one colour.
image::Picture coloured(int red, int green, int blue) {
  image::Picture p(12, 10, 3);
  for (std::size_t i = 0; i < p.pixels.size(); i += 3) {
    p.pixels[i] = static_cast<std::uint8_t>(red);
    p.pixels[i + 1] = static_cast<std::uint8_t>(green);
    p.pixels[i + 2] = static_cast<std::uint8_t>(blue);
  }
  return p;
}

/// Says "red" where red is more than green, and is in doubt where they are equal; its features are the colours.
models::PictureClassifier<Cpu> colour_classifier(Familiarity familiarity = {}) {
  Sequential<float> model{Cpu(1), {4, 4, 3}, GlobalAveragePooling2D{}, Dense{2, softmax}};
  Tensor<float>& kernel = model.layers()[1]->parameters()[0].value;
  const float values[] = {-8, 8, 8, -8, 0, 0};
  std::copy(std::begin(values), std::end(values), kernel.data());
  return models::PictureClassifier<Cpu>(io::SavedModel<float, Cpu>{
      std::move(model),
      {.class_names = {"green", "red"}, .input = PictureInput{.size = {4, 4}}, .familiarity = std::move(familiarity)}});
}

/// Sure ones, doubtful ones, and one of these twice.
void write_photos(const TemporaryFolder& folder) {
  fs::create_directories(folder / "photos" / "more");
  image::write_png(folder / "photos" / "red.png", coloured(250, 0, 0));
  image::write_png(folder / "photos" / "green.png", coloured(0, 250, 0));
  image::write_png(folder / "photos" / "yellow.png", coloured(200, 200, 0));
  image::write_png(folder / "photos" / "yellow again.png", coloured(202, 200, 0));
  image::write_png(folder / "photos" / "more" / "blue.png", coloured(4, 0, 250));
  std::ofstream(folder / "photos" / "broken.png") << "no picture";
  std::ofstream(folder / "photos" / "notes.txt") << "no picture";
}

}  // namespace

TEST_CASE("photos that a model doubts are suggested, near copies once, with those in folders inside",
          "[models][suggest]") {
  const TemporaryFolder folder;
  write_photos(folder);
  const models::PictureSuggestions found =
      models::suggest_pictures(colour_classifier(), folder / "photos", {.count = 2});
  CHECK(found.looked_at == 5);
  REQUIRE(found.pictures.size() == 2);
  CHECK(found.pictures[0].file == (folder / "photos" / "yellow.png").string());
  CHECK(found.pictures[0].doubt == Approx(1));
  CHECK(found.pictures[0].probability == Approx(0.5));
  CHECK(found.pictures[1].file == (folder / "photos" / "more" / "blue.png").string());
  CHECK(found.pictures[1].name == "red");
  CHECK(found.pictures[1].distance > 0.9);
  REQUIRE(found.skipped.size() == 2);
  const auto broken =
      std::find_if(found.skipped.begin(), found.skipped.end(), [](const auto& f) { return !f.harmless; });
  REQUIRE(broken != found.skipped.end());
  CHECK(broken->path == (folder / "photos" / "broken.png").string());
}

TEST_CASE("photos like those that a model was trained on are not suggested", "[models][suggest]") {
  const TemporaryFolder folder;
  write_photos(folder);
  const float half = 0.70710678f;
  const auto knows_yellow =
      colour_classifier({.width = 3, .features = {half, half, 0}, .threshold = 0.5, .refused = 0.05});
  const models::PictureSuggestions found = models::suggest_pictures(knows_yellow, folder / "photos", {.count = 1});
  REQUIRE(found.pictures.size() == 1);
  CHECK(found.pictures[0].file == (folder / "photos" / "more" / "blue.png").string());
}

TEST_CASE("suggestions become a page and a table", "[models][suggest]") {
  const TemporaryFolder folder;
  write_photos(folder);
  models::PictureSuggestions found = models::suggest_pictures(colour_classifier(), folder / "photos", {.count = 2});
  found.pictures[1].file = (folder / "a,\"b\"<c>.png").string();  // gone
  const std::string page = report::suggestions_page(found).html(), table = report::suggestions_csv(found);
  CHECK_THAT(page, Contains("Label these next") && Contains("1. yellow.png: green? 0.50") && Contains("&lt;c&gt;") &&
                       Contains("broken.png") && !Contains("notes.txt"));
  CHECK_THAT(table, Contains("file,class,probability,doubt,distance\n") && Contains("a,\"\"b\"\"<c>.png\",red,0."));
  report::suggestions_csv(found, folder / "table.csv");
  CHECK(fs::file_size(folder / "table.csv") == table.size());
  CHECK_THAT(report::suggestions_page(found, {.most = 1}).html(), Contains("The first 1 are shown"));
  found.pictures.clear();
  CHECK_THAT(report::suggestions_page(found).html(), Contains("No suggestions"));
}

TEST_CASE("suggestions say which folder or model they cannot be made of", "[models][suggest]") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "empty");
  CHECK_THROWS_WITH(models::suggest_pictures(colour_classifier(), folder / "empty"),
                    Contains("has no photos that can be read"));
  CHECK_THROWS_AS(models::suggest_pictures(colour_classifier(), folder / "none"), FileError);
  Sequential<float> several{Cpu(1), {4, 4, 3}, GlobalAveragePooling2D{}, Dense{2}};
  const models::PictureClassifier<Cpu> each(io::SavedModel<float, Cpu>{
      std::move(several), {.input = PictureInput{.size = {4, 4}}, .from_logits = true, .each_output = true}});
  CHECK_THROWS_WITH(models::suggest_pictures(each, folder / "empty"), Contains("several labels"));
  Sequential<float> sigmoids{Cpu(1), {4, 4, 3}, GlobalAveragePooling2D{}, Dense{2, sigmoid}};
  const models::PictureClassifier<Cpu> by_itself(
      io::SavedModel<float, Cpu>{std::move(sigmoids), {.input = PictureInput{.size = {4, 4}}}});
  CHECK_THROWS_WITH(models::suggest_pictures(by_itself, folder / "empty"), Contains("several labels"));
}
