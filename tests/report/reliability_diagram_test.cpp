// SPDX-License-Identifier: MIT
#include "brindle/report/reliability_diagram.hpp"

#include <brindle/core/file.hpp>
#include <brindle/report/run_page.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "support/markup.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::report;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

Calibration half_right() {
  return {.samples = 1500,
          .negative_log_likelihood = 0.9,
          .expected_calibration_error = 0.21875,
          .brier_score = 0.3,
          .bins = {{},
                   {.count = 300, .confidence = 0.4, .accuracy = 0.5},
                   {.count = 1200, .confidence = 0.9, .accuracy = 0.75}}};
}

}  // namespace

TEST_CASE("a reliability diagram has a column for each bin with predictions, as high as its accuracy",
          "[report][reliability_diagram]") {
  const Drawing d = reliability_diagram_drawing(half_right());
  std::vector<DrawnRectangle> columns;
  for (const auto& item : d.items)
    if (const auto* r = std::get_if<DrawnRectangle>(&item)) columns.push_back(*r);
  REQUIRE(columns.size() == 2);
  CHECK(columns[1].height == Approx(columns[0].height * 1.5));
  CHECK(columns[1].opacity > columns[0].opacity);
  for (const DrawnRectangle& r : columns) {
    CHECK(r.x >= 0);
    CHECK(r.x + r.width <= d.width);
    CHECK(r.y + r.height <= d.height);
  }
  const std::string svg = drawing_svg(d);
  check_markup(svg);
  CHECK_THAT(svg, Contains("expected calibration error 0.2188, 1,500 samples") && Contains(">Reliability<") &&
                      !Contains("nan"));
}

TEST_CASE("a reliability diagram is written as SVG and PNG, and drawn without samples",
          "[report][reliability_diagram]") {
  const TemporaryFolder folder;
  reliability_diagram(half_right(), folder / "r.svg");
  reliability_diagram(half_right(), folder / "r.png", {.title = ""});
  CHECK(std::filesystem::file_size(folder / "r.png") > 1000);
  CHECK_THROWS_WITH(reliability_diagram(half_right(), folder / "r.txt"), Contains("reliability_diagram"));
  check_markup(drawing_svg(reliability_diagram_drawing({})));
}

TEST_CASE("the page of a run shows probabilities before and after a temperature, or why they were left",
          "[report][run_page]") {
  Calibration after = half_right();
  after.expected_calibration_error = 0.0123;
  RunPage page{.title = "Pets"};
  page.add_calibration({.value = 1.62, .before = half_right(), .after = after});
  const std::string html = page.html();
  check_markup(html);
  CHECK(count(html, "<svg") == 2);
  CHECK_THAT(html, Contains("at temperature 1.620") && Contains("0.2188") && Contains("0.0123"));
  RunPage left{.title = "Pets"};
  left.add_calibration({.reason = TemperatureReason::separable, .before = half_right(), .after = half_right()});
  CHECK(count(left.html(), "<svg") == 1);
  CHECK_THAT(left.html(), Contains("left as they are: all samples are classified right"));
}

TEST_CASE("the page of a run shows how many are answered and how many of these are right", "[report][run_page]") {
  RunPage page{.title = "Pets"};
  page.add_answers({.samples = 2000,
                    .rows = {{.probability = 0, .answered = 2000, .right = 1900},
                             {.probability = 0.75, .answered = 1500, .right = 1497}}});
  const std::string html = page.html();
  check_markup(html);
  CHECK(count(html, "<svg") == 1);
  CHECK_THAT(html, Contains("0.7500") && Contains("1,500") && Contains("0.998 (0.994 to 0.999)") && Contains(">500<"));
  CHECK_THROWS_WITH(page.add_answers({}), Contains("no rows"));
}
