// SPDX-License-Identifier: MIT
#include "brindle/report/model_card.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/report/number_text.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

report::ModelCard example_card() {
  report::ModelCard card{.name = "pets"};
  card.class_names = {"cat", "dog", "o|w`l"};
  card.training = {100, 90, 8};
  card.validation = ConfusionMatrix(3, {38, 2, 0, 5, 35, 0, 1, 0, 3});
  card.run.version = "1.2.3", card.run.compiler = "g++ 12", card.run.instruction_set = "x86-64-v3 (AVX2)";
  card.run.folders.push_back(
      {"data", {"/home/anna/pets", {{"cat/1.jpg", 3, "aa"}, {"dog/2.jpg", 4, "bb"}}, {"cat", "dog"}}});
  card.run.files.push_back({"weights", {"/home/anna/base.safetensors", 12, "cc"}});
  card.run.stages.push_back({"Head", {{"loss", {0.5, 0.4, 0.3}}, {"val_loss", {0.6, 0.35, 0.36}}}});
  card.settings = {{"base", "efficientnet_lite0"}, {"seed", "42"}};
  Temperature t{.value = 1.5};
  t.before.samples = t.after.samples = 84;
  t.before.negative_log_likelihood = 0.4, t.after.negative_log_likelihood = 0.3;
  card.temperature = t;
  card.answers = {.samples = 84, .rows = {{0, 84, 76}, {0.7, 60, 58}, {0.9, 40, 40}}};
  return card;
}

}  // namespace

TEST_CASE("a model card has data, training, figures, certainty, limits and versions", "[report][model_card]") {
  const std::string text = report::model_card(example_card());
  CHECK_THAT(text,
             Catch::Matchers::StartsWith("# pets\n\nTells which of 3 classes a photo shows: cat, dog, o\\|w\\`l."));
  const data::FolderContents pets = example_card().run.folders[0].contents;
  CHECK_THAT(text, Contains("| data | pets | 2 | " + pets.sha256() + " |"));
  CHECK_THAT(text, !Contains("anna"));  // paths stay at home
  CHECK_THAT(text, Contains("| base | efficientnet\\_lite0 |") && Contains("| seed | 42 |") &&
                       Contains("| weights | base.safetensors, SHA-256 cc |"));
  CHECK_THAT(text, Contains("| stage: Head | 3 epochs, smallest validation loss 0.3500 in epoch 2 |"));
  CHECK_THAT(text, Contains("Accuracy " + report::share_text(76.0 / 84, 84) + " on 84 validation pictures."));
  // 38 of the 44 that were taken for a cat are cats, 38 of the 40 cats were.
  CHECK_THAT(text, Contains("| cat | 100 | 40 | " + report::share_text(38.0 / 44, 44) + " | " +
                            report::share_text(38.0 / 40, 40) + " | " + report::internal::f1_text(38, 8, 2) + " |"));
  CHECK_THAT(text, Contains("| as trained | 0.4000 |") && Contains("| as they are, at temperature 1.500 | 0.3000 |"));
  CHECK_THAT(text, Contains("| 0.950 | 0.7000 | 60 of 84 | " + report::share_text(58.0 / 60, 60) + " |") &&
                       Contains("| 0.999 | 0.9000 | 40 of 84 |") && !Contains("| 0.990 |"));
  CHECK_THAT(text, Contains("a share of the same pictures alone"));
  CHECK_THAT(text, Contains("- The same pictures chose the epoch, the temperature, the thresholds: "));
  CHECK_THAT(text, Contains("so that little is known of them: o\\|w\\`l (8 and 4)."));
  CHECK_THAT(text, Contains("brindle 1.2.3, g++ 12, instruction set x86-64-v3 (AVX2)."));
}

TEST_CASE("a model card leaves out what is not known", "[report][model_card]") {
  report::ModelCard card = example_card();
  card.run = {}, card.temperature = {}, card.answers = {};
  card.limits = {"Made of drawings."};
  const std::string text = report::model_card(card);
  CHECK_THAT(text, !Contains("## Data") && !Contains("## How sure") && !Contains("## Made with"));
  CHECK_THAT(text, Contains("- The same pictures chose the epoch: ") && Contains("- Made of drawings.\n"));
  card.familiarity = {.width = 1, .features = {1, -1}, .threshold = 0.25, .refused = 0.05};
  card.run.folders.resize(2);
  CHECK_THAT(report::model_card(card), Contains("Pictures farther than 0.250 from 2 kept training pictures") &&
                                           Contains("5.0 % of the validation pictures") &&
                                           Contains("of one other folder alone"));
}

TEST_CASE("the interval of F1 holds it, and is that of the pictures of the class or taken for it",
          "[report][model_card]") {
  // 2 * 38 / (2 * 38 + 8); of 46 pictures 38 are both, Wilson's interval of which is 0.69 to 0.91.
  const double share = 38.0 / 46, z = 1.959963984540054, n = 46;
  const double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  const auto f1 = [](double j) { return 2 * j / (1 + j); };
  CHECK(f1(share) == Approx(76.0 / 84));
  CHECK(report::internal::f1_text(38, 8, 4) == report::fixed(76.0 / 84, 4) + " (" +
                                                   report::fixed(f1(middle - half), 4) + " to " +
                                                   report::fixed(f1(middle + half), 4) + ")");
  CHECK(report::internal::f1_text(0, 0, 2) == "-");
}

TEST_CASE("names in a model card are no markup, and are cut where they are long", "[report][model_card]") {
  using report::internal::markdown;
  CHECK(markdown("a|b *c* [d](e)\nf") == "a\\|b \\*c\\* \\[d\\](e) f");
  CHECK(markdown("<b> & \"'") == "&lt;b&gt; &amp; \"'");
  CHECK(markdown("\xff\u00e9") == "?\u00e9");
  std::string sixty, more;
  for (int i = 0; i < 60; ++i) sixty += "\u00e9";
  CHECK(markdown(sixty) == sixty);
  CHECK(markdown(sixty + "x") == sixty + "...");
}

TEST_CASE("a model card of very many classes has those with the lowest F1, and 64 KiB at most",
          "[report][model_card]") {
  report::ModelCard card{.name = "many"};
  std::vector<std::int64_t> counts(500 * 500);
  for (int c = 0; c < 500; ++c) {
    card.class_names.push_back("class " + std::to_string(c) + std::string(50, '|'));
    card.training.push_back(50);
    counts[static_cast<std::size_t>(c * 500 + c)] = c == 250 ? 1 : 5;
    counts[static_cast<std::size_t>(c * 500 + (c + 1) % 500)] = c == 250 ? 9 : 0;
  }
  card.validation = ConfusionMatrix(500, counts);
  const std::string text = report::model_card(card, {.most_classes = 10});
  CHECK_THAT(text, Contains("\n| class 250") && Contains("The 10 classes with the lowest F1, of 500."));
  CHECK_THAT(text, Contains(" and 480 more") && Contains("(50 and 5), "));
  const std::string long_one = report::model_card(card, {.most_classes = 500});
  CHECK(long_one.size() <= io::ModelInfo::most_card_bytes);
  CHECK(long_one.ends_with("a card has 64 KiB at most.\n"));
  card.training.pop_back();
  CHECK_THROWS_WITH(report::model_card(card), Contains("499 numbers of training pictures for 500 classes"));
  card.class_names.pop_back();
  CHECK_THROWS_AS(report::model_card(card), ShapeError);
}
