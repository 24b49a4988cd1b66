// SPDX-License-Identifier: MIT
#include "brindle/report/data_check.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// A chequered picture with colours, of a size and levels of its own.
image::Picture picture(int number, std::int64_t side = 80) {
  image::Picture p(side, side + number, 3);
  for (std::int64_t y = 0; y < p.height; ++y)
    for (std::int64_t x = 0; x < p.width; ++x) {
      const bool on = (y / 5 + x / 7 + y * number / 40) % 2 == 0;
      p.at(y, x)[0] = on ? 200 : 20;
      p.at(y, x)[1] = static_cast<std::uint8_t>(100 + number);
      p.at(y, x)[2] = on ? 30 : 120;
    }
  return p;
}

// Two folders, one of which has a copy of the other's picture, a broken file, a dark and a tiny picture.
void write_sets(const TemporaryFolder& folder) {
  for (const char* set : {"training", "validation"}) fs::create_directories(folder / set);
  for (int i = 0; i < 16; ++i)
    image::write_png(folder / "training" / ((i % 2 ? "dog." : "cat.") + std::to_string(i) + ".png"), picture(i));
  for (int i = 16; i < 20; ++i)
    image::write_png(folder / "validation" / ((i % 2 ? "dog." : "cat.") + std::to_string(i) + ".png"), picture(i));
  fs::copy_file(folder / "training" / "cat.4.png", folder / "validation" / "cat.again.png");
  replace_file(folder / "training" / "dog.broken.png", "\x89PNG\r\n\x1a\n");
  image::write_png(folder / "training" / "cat.dark.png", image::Picture(70, 70, 3));
  image::write_png(folder / "training" / "dog.tiny.png", picture(2, 20));
}

report::CheckedSet set_of(const TemporaryFolder& folder, const std::string& name) {
  return {name, data::examine_image_folder(folder / name), {}};
}

// Features that lie in a corner for each class; `turned`: of the picture whose file ends so they are another's.
Tensor<float> features_of(const report::CheckedSet& set, const std::string& turned, float seed) {
  std::vector<float> all;
  for (const auto& p : set.folder.pictures) {
    if (!p.readable()) continue;
    const bool dog = (p.number == 1) != p.file.ends_with(turned);
    const auto k = static_cast<float>(all.size()) / 4 + seed;
    for (const float value : {dog ? 5.0f : -5.0f, dog ? -3.0f : 3.0f, std::sin(13 * k) * 9, std::cos(7 * k) * 9})
      all.push_back(value);
  }
  Tensor<float> x({static_cast<std::int64_t>(all.size()) / 4, 4});
  std::copy(all.begin(), all.end(), x.data());
  return x;
}

// The sets, in a row.
template <class... Sets>
std::vector<report::CheckedSet> together(Sets&&... sets) {
  std::vector<report::CheckedSet> all;
  (all.push_back(std::forward<Sets>(sets)), ...);
  return all;
}

std::vector<std::string> files_of(const report::DataCheck& check, const std::string& kind) {
  std::vector<std::string> all;
  for (const report::Finding& f : check.findings)
    if (f.kind == kind) all.push_back(f.set + "/" + fs::path(f.file).filename().string());
  return all;
}

}  // namespace

TEST_CASE("what is wrong with pictures' files is found without a network", "[report]") {
  const TemporaryFolder folder;
  write_sets(folder);
  const report::DataCheck check =
      report::check_data(together(set_of(folder, "training"), set_of(folder, "validation")));
  CHECK(check.pictures == 24);
  CHECK_FALSE(check.features);
  CHECK(files_of(check, "unreadable") == std::vector<std::string>{"training/dog.broken.png"});
  CHECK(files_of(check, "copy") == std::vector<std::string>{"validation/cat.again.png"});
  CHECK(files_of(check, "dark") == std::vector<std::string>{"training/cat.dark.png"});
  CHECK(files_of(check, "flat") == std::vector<std::string>{"training/cat.dark.png"});
  CHECK(files_of(check, "grey") == std::vector<std::string>{"training/cat.dark.png"});
  CHECK(files_of(check, "tiny") == std::vector<std::string>{"training/dog.tiny.png"});
  CHECK(files_of(check, "label").empty());
  const auto copy =
      std::find_if(check.findings.begin(), check.findings.end(), [](const auto& f) { return f.kind == "copy"; });
  CHECK(copy->across_sets);
  CHECK(copy->reason == "the same bytes as training/cat.4.png");
  CHECK(copy->other == (folder / "training" / "cat.4.png").string());
  REQUIRE(check.classes.size() == 2);  // of each set
  CHECK_THAT(check.classes[0], Contains("training: few pictures of cat (9), dog (9); what is measured"));
  CHECK(check.findings.front().kind == "unreadable");
  CHECK(check.text() == "1 unreadable, 1 copies, 1 dark, 1 without contrast, 1 without colour, 1 tiny");
  CHECK(check.across_sets() == 1);
}

TEST_CASE("near copies and wrong labels are found by what a network sees", "[report]") {
  const TemporaryFolder folder;
  write_sets(folder);
  report::CheckedSet training = set_of(folder, "training"), validation = set_of(folder, "validation");
  training.features = features_of(training, "dog.7.png", 0);
  validation.features = features_of(validation, "none", 50);
  // The last picture to validate with is nearly the first to train with, of the other class.
  for (std::int64_t f = 0; f < 4; ++f)
    validation.features[(validation.features.shape()[0] - 1) * 4 + f] = training.features[f] * 1.01f;
  std::vector<report::CheckedSet> sets = together(std::move(training), std::move(validation));
  const report::DataCheck check = report::check_data(sets, {.near_copy = 0.9999});
  CHECK(check.features);
  const auto labels = files_of(check, "label");
  CHECK(std::find(labels.begin(), labels.end(), "training/dog.7.png") != labels.end());
  std::size_t wrong = 0;
  for (const report::CheckedAnswers& answers : check.answers)
    wrong += static_cast<std::size_t>(answers.judged - answers.right);
  CHECK(wrong == labels.size());
  CHECK(check.answers[0].set == "training");
  CHECK(check.answers[1].judged == 5);
  const auto in_validation = [](const std::string& file) { return file.rfind("validation/", 0) == 0; };
  CHECK(check.answers[1].judged - check.answers[1].right == std::count_if(labels.begin(), labels.end(), in_validation));
  const auto near = files_of(check, "near copy");
  REQUIRE(near == std::vector<std::string>{"validation/dog.19.png"});
  const auto found =
      std::find_if(check.findings.begin(), check.findings.end(), [](const auto& f) { return f.kind == "near copy"; });
  CHECK(found->across_sets);
  CHECK_THAT(found->reason, Contains("cosine 1.000 with training/cat.0.png, said to be cat"));
  sets[1].features = Tensor<float>({2, 4});
  CHECK_THROWS_WITH(report::check_data(sets), Contains("validation has 5 pictures that can be read"));
}

TEST_CASE("the page and the table of a check name every finding", "[report]") {
  const TemporaryFolder folder;
  write_sets(folder);
  fs::create_directories(folder / "odd");
  image::write_png(folder / "odd" / "cat.a,\"b\".png", picture(1));
  image::write_png(folder / "odd" / "cat.<c>.png", image::Picture(70, 70, 3));
  image::write_png(folder / "odd" / "dog.d.png", picture(3));
  const report::DataCheck check = report::check_data(together(set_of(folder, "training"), set_of(folder, "odd")));
  const std::string page = report::data_check_page(check).html(), table = report::data_check_csv(check);
  for (const char* text :
       {"Cannot be read (1)", "training/dog.broken.png", "Dark (2)", "odd/cat.&lt;c&gt;.png", "Tiny (1)",
        "Not looked for", "odd: few pictures of cat (2), dog (1)", "data:image/jpeg;base64,"})
    CHECK_THAT(page, Contains(text));
  CHECK_THAT(page, !Contains("<c>"));
  CHECK(std::count(table.begin(), table.end(), '\n') == static_cast<std::ptrdiff_t>(check.findings.size()) + 1);
  CHECK_THAT(table, Contains("unreadable,training,"));
  report::data_check_csv(check, folder / "check.csv");
  CHECK(read_file(folder / "check.csv").size() == table.size());
  const report::DataCheck nothing = report::check_data(together(set_of(folder, "validation")), {.small_class = 0});
  CHECK_THAT(report::data_check_page(nothing).html(), Contains("Nothing found"));
}

TEST_CASE("sets that cannot be checked together are refused", "[report]") {
  const TemporaryFolder folder;
  write_sets(folder);
  fs::create_directories(folder / "others");
  image::write_png(folder / "others" / "bird.png", picture(1));
  image::write_png(folder / "others" / "fish.png", picture(2));
  CHECK_THROWS_WITH(report::check_data({}), Contains("no pictures"));
  CHECK_THROWS_WITH(report::check_data(together(set_of(folder, "training"), set_of(folder, "others"))),
                    Contains("the classes of others are not those of training"));
}
