// SPDX-License-Identifier: MIT
#include "brindle/report/run_page.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/markup.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::report;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

History history(int epochs) {
  History h;
  for (int e = 0; e < epochs; ++e) {
    h.loss.push_back(0.7 / (e + 1));
    h.accuracy.push_back(1 - 0.5 / (e + 1));
    h.val_loss.push_back(0.8 + 0.01 * e);
    h.val_accuracy.push_back(e == 3 ? 0.75 : 0.7);
    h.seconds.push_back(9 + 0.5 * e);
  }
  return h;
}

const char* hostile = "</style><script>alert(\"x\")</script> & 'y' http-equiv \xff";

}  // namespace

TEST_CASE("a page of a run is well-formed and needs no other file", "[report][run_page]") {
  Sequential<float> model{{8, 8, 3}, Conv2D{4, 3, relu}, Flatten{}, Dense{1, sigmoid}};
  model.freeze_before("dense");
  RunPage page{.title = "Baseline", .subtitle = "on 3,000 photos"};
  page.add_history(history(10))
      .add_settings({{"batch", "30"}, {"seed", "42"}})
      .add_summary(model)
      .add_gallery("Photos", {image::Picture(150, 150, 3), image::Picture(7, 7, 1)}, {"one", "two"})
      .add_picture("Large", image::Picture(10, 900, 3))
      .add_confusion_matrix({2, {4, 1, 2, 3}}, {"cat", "dog"})
      .add_table("Classes", {.columns = {"class", "recall"}, .rows = {{"cat", "0.8"}}})
      .add_text("Notes", "first\nsecond")
      .add_figure("photos a second", "212");
  const std::string html = page.html();
  check_markup(html);
  CHECK(html.rfind("<!DOCTYPE html>", 0) == 0);
  CHECK_THAT(html, Contains("<meta charset=\"utf-8\">") && Contains("name=\"viewport\"") &&
                       Contains("<title>Baseline</title>"));
  CHECK_THAT(html, Contains("best, epoch 4") && Contains("0.7500") && Contains("1 min 53 s") && Contains("9.00 s"));
  CHECK_THAT(html, Contains("257 parameters, 145 of them trainable") && Contains("(6, 6, 4)"));
  CHECK_THAT(html, Contains("Computed by " + ops::cpu_simd() + " (" + ops::cpu_isa(model.device()) + "), "));
  CHECK(count(html, "<svg") == 3);
  CHECK(count(html, "<img") == 3);
  CHECK(count(html, "<h2>") == 10);
}

TEST_CASE("a page says what the layers of a graph are connected to", "[report][run_page]") {
  const Model<float> model{{8, 8, 3},
                           [](auto x) { return x + x.then(Conv2D{.filters = 3, .kernel = 1, .name = "within"}); }};
  const std::string html = RunPage{}.add_summary(model).html();
  check_markup(html);
  CHECK_THAT(html, Contains(">connected to</th>") && Contains("<td>input_layer, within</td>"));
  const Sequential<float> row{{8}, Dense{1}};
  CHECK_THAT(RunPage{}.add_summary(row).html(), !Contains("connected to"));
}

TEST_CASE("whatever text a page is given, it stays text", "[report][run_page]") {
  RunPage page{.title = hostile, .subtitle = hostile};
  page.add_history(history(2))
      .add_settings({{hostile, hostile}})
      .add_summary(std::vector<SummaryRow>{{.name = hostile, .type = hostile, .output = {1}}})
      .add_gallery(hostile, {image::Picture(2, 2, 3)}, {hostile})
      .add_confusion_matrix({2, {1, 2, 3, 4}}, {hostile, "b"}, hostile)
      .add_table(hostile, {.columns = {hostile}, .rows = {{hostile}}})
      .add_text(hostile, hostile)
      .add_figure(hostile, hostile);
  check_markup(page.html());
  CHECK_THAT(page.html(), !Contains("<script"));
}

TEST_CASE("a page does with what there is", "[report][run_page]") {
  check_markup(RunPage{}.html());
  History h = history(40);
  h.val_loss.clear();
  h.val_accuracy.clear();
  h.seconds.clear();
  h.loss[3] = std::numeric_limits<double>::quiet_NaN();
  RunPage page;
  page.add_history(h).add_settings({});
  check_markup(page.html());
  CHECK_THAT(page.html(), !Contains("validation") && !Contains("<h2>Times") && !Contains("<details open"));
  CHECK_THROWS_WITH(RunPage{}.add_history(History{}), Contains("no epochs"));
  CHECK_THROWS_WITH(RunPage{}.add_table("t", {.columns = {"a", "b"}, .rows = {{"1"}}}),
                    Contains("1 cells") && Contains("2 columns"));
}

TEST_CASE("a page shows the figures of each class as a table", "[report][run_page]") {
  RunPage page;
  page.add_classification_report({2, {3, 1, 0, 4}}, {"cat & co", "dog"});
  const std::string html = page.html();
  check_markup(html);
  CHECK_THAT(html, Contains("cat &amp; co") && Contains(">0.75<") && Contains(">0.86<") &&
                       Contains("mean of the classes") &&
                       Contains("Accuracy 0.88 (0.53 to 0.98): where the true one lies, at 95 %, after 8 samples."));
  CHECK_THROWS_WITH(page.add_classification_report({2, {1, 2, 3, 4}}, {"cat"}), Contains("1 names for 2 classes"));
}

TEST_CASE("a page is written whole or not at all", "[report][run_page]") {
  const TemporaryFolder folder;
  RunPage page{.title = "t"};
  page.write(folder / "run.html");
  const auto bytes = read_file(folder / "run.html");
  CHECK(std::string(bytes.begin(), bytes.end()) == page.html());
  CHECK_THROWS_WITH(page.write(folder / "none" / "run.html"), Catch::StartsWith((folder / "none").string()));
}

TEST_CASE("the headline of a page is the saved model, whichever epoch it comes from", "[report][run_page]") {
  RunPage page;
  page.add_history(history(3), Evaluation{.loss = 0.51, .accuracy = 0.66, .weighted_accuracy = 0.66, .samples = 62});
  CHECK(page.figures[0].name == "validation accuracy of the saved model, 0.54 to 0.77 at 95 %");
  CHECK(page.figures[0].value == "0.66");
  CHECK(page.figures[1].value == "0.5100");
  CHECK(page.figures[2].name == "last epoch's validation accuracy");
  RunPage last;
  CHECK(last.add_history(history(3)).figures[0].name == "validation accuracy");
}

TEST_CASE("photos stand in a page as JPEG, small pictures with their exact levels", "[report][run_page]") {
  RunPage page;
  page.add_gallery("photos", {image::Picture(80, 100, 3)}).add_gallery("small", {image::Picture(12, 12, 3)});
  page.add_grad_cam("maps", {image::Picture(160, 324, 3)}, {"what speaks for dog"});
  CHECK_THAT(page.sections[0].html, Contains("data:image/jpeg;base64,") && !Contains("image/png"));
  CHECK_THAT(page.sections[1].html, Contains("data:image/png;base64,") && Contains("class=\"squares\""));
  CHECK_THAT(page.sections[2].html, Contains("gallery wide") && Contains("speaks most for it"));
  check_markup(page.html());
}

TEST_CASE("one epoch is figures, and no curve", "[report][run_page]") {
  History history;
  history.loss = {0.5}, history.accuracy = {0.9}, history.val_loss = {0.6}, history.val_accuracy = {0.8};
  history.seconds = {2};
  report::RunPage page{.title = "Linear head"};
  page.add_history(history, Evaluation{.loss = 0.4, .accuracy = 0.85, .samples = 200});
  const std::string html = page.html();
  CHECK_THAT(html,
             Contains("training accuracy") && Contains("0.9000") && Contains("validation loss of the saved model"));
  CHECK_THAT(html, !Contains("Curves") && !Contains("last epoch"));
}
