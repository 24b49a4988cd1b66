// SPDX-License-Identifier: MIT
#include "brindle/report/training_curves.hpp"

#include <brindle/core/file.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

History example_epochs(int epochs) {
  History h;
  for (int e = 0; e < epochs; ++e) {
    h.loss.push_back(0.7 / (e + 1));
    h.accuracy.push_back(1 - 0.5 / (e + 1));
    h.val_loss.push_back(0.8 + 0.01 * e);
    h.val_accuracy.push_back(e == 3 ? 0.75 : 0.7);
  }
  return h;
}

int count(const std::string& text, const std::string& piece) {
  int n = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("an axis has a few round numbers that span its values", "[report][chart]") {
  using report::nice_axis;
  CHECK(nice_axis(0, 1, 6).ticks.size() == 6);
  CHECK(nice_axis(0.53, 0.98, 6).low == Approx(0.5));
  CHECK(nice_axis(0.53, 0.98, 6).high == Approx(1.0));
  CHECK(nice_axis(0.53, 0.98, 6).digits == 1);
  CHECK(nice_axis(1, 30, 8, true, true).ticks == std::vector<double>{5, 10, 15, 20, 25, 30});
  CHECK(nice_axis(1, 4, 8, true, true).ticks == std::vector<double>{1, 2, 3, 4});
  CHECK(nice_axis(1, 1, 8, true, true).ticks == std::vector<double>{1, 2});
  for (const double size : {1e-12, 3e-5, 0.7, 12345.0, 1e12}) {
    const report::Axis axis = nice_axis(-size / 3, size, 6);
    CHECK(axis.low <= -size / 3 * (1 - 1e-6));
    CHECK(axis.high >= size * (1 - 1e-6));
    CHECK(axis.ticks.size() >= 3);
    CHECK(axis.ticks.size() <= 9);
  }
  CHECK(nice_axis(2, 2, 6).low < 2);
  CHECK(nice_axis(0, 0, 6).high > 0);
}

TEST_CASE("training curves show training and validation, and mark the best epoch", "[report][training_curves]") {
  const TemporaryFolder folder;
  report::training_curves(example_epochs(10), folder / "curves.svg", "Cats & <dogs>");
  const auto bytes = read_file(folder / "curves.svg");
  const std::string svg(bytes.begin(), bytes.end());
  CHECK_THAT(svg, StartsWith("<svg xmlns") && Contains("Cats &amp; &lt;dogs&gt;") && Contains("prefers-color-scheme"));
  CHECK(count(svg, "<path") == 4);
  CHECK(count(svg, ">training<") == 1);
  CHECK(count(svg, ">validation<") == 1);
  CHECK_THAT(svg, Contains("best 0.750, epoch 4") && Contains("best 0.800, epoch 1"));
  CHECK_THAT(svg, !Contains("nan") && !Contains("inf"));
}

TEST_CASE("training curves do without validation, with one epoch, and with values that are no numbers",
          "[report][training_curves]") {
  History h = example_epochs(1);
  h.val_loss.clear();
  h.val_accuracy.clear();
  std::string svg = report::chart_svg(report::training_curves_chart(h));
  CHECK(count(svg, "<path") == 2);
  CHECK_THAT(svg, !Contains("validation"));

  h = example_epochs(5);
  h.loss[2] = std::numeric_limits<double>::quiet_NaN();
  h.val_loss.assign(5, std::numeric_limits<double>::infinity());
  svg = report::chart_svg(report::training_curves_chart(h));
  CHECK_THAT(svg, !Contains("\"nan") && !Contains(" nan") && !Contains("\"inf") && !Contains(" inf"));
}

TEST_CASE("each epoch has a dot, but not where there are more than 40", "[report][training_curves]") {
  const auto circles = [](int epochs) {
    return count(report::chart_svg(report::training_curves_chart(example_epochs(epochs))), "<circle");
  };
  CHECK(circles(40) - circles(39) == 4);
  CHECK(circles(41) == circles(100));
  CHECK(circles(41) < 40);
}

TEST_CASE("training curves say what they lack", "[report][training_curves]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(report::training_curves(History{}, folder / "c.svg"), Contains("no epochs"));
  CHECK_THROWS_WITH(report::training_curves(example_epochs(2), folder / "c.jpg"),
                    Contains(".svg") && Contains("c.jpg"));
  CHECK_THROWS_AS(report::training_curves(example_epochs(2), folder / "none" / "c.svg"), FileError);
  report::Chart chart;
  chart.panels.push_back({.title = "p", .series = {{"s", {1, 2}, {1}}}});
  CHECK_THROWS_WITH(report::chart_svg(chart), Contains("\"s\"") && Contains("2 x and 1 y"));
}

TEST_CASE("the words at the best epoch cover no line, whatever the curves do", "[report][training_curves]") {
  for (const std::size_t best : {0u, 7u, 14u}) {
    History h;
    for (std::size_t e = 0; e < 15; ++e) {
      h.loss.push_back(1.0 / static_cast<double>(e + 1));
      h.accuracy.push_back(0.5 + 0.03 * static_cast<double>(e));
      h.val_loss.push_back(e == best ? 0.1 : 0.6);
      h.val_accuracy.push_back(e == best ? 0.9 : 0.6);
    }
    for (const report::Panel& panel : report::training_curves_chart(h).panels) {
      const report::Drawing d = report::panel_drawing(panel);
      double lowest_line = 0, words = 0, other = 0;
      for (const auto& item : d.items) {
        if (const auto* line = std::get_if<report::DrawnLine>(&item);
            line && line->ink != report::Ink::axis && line->ink != report::Ink::grid)
          for (const auto& piece : line->pieces)
            for (const report::Point& p : piece) lowest_line = std::max(lowest_line, p.y);
        if (const auto* text = std::get_if<report::DrawnText>(&item)) {
          if (text->text.starts_with("best ")) {
            words = text->at.x - report::font::width(text->text, 12);
            CHECK(text->at.y - 12 > lowest_line);
          }
          if (text->text == "epoch") other = text->at.x + report::font::width(text->text, 12) / 2;
        }
      }
      CHECK(words - 30 > other);
    }
  }
}

TEST_CASE("the best epoch is one that was validated", "[report][training_curves]") {
  History h = example_epochs(2);
  h.val_loss.clear();
  h.val_accuracy.clear();
  h.append(example_epochs(4));
  const report::Chart chart = report::training_curves_chart(h);
  CHECK(chart.panels[0].marks.at(0).text == "best 0.750, epoch 6");
  CHECK(chart.panels[1].marks.at(0).text == "best 0.800, epoch 3");
  h.accuracy.clear();
  CHECK(report::training_curves_chart(h).panels.size() == 1);
}
