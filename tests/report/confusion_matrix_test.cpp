// SPDX-License-Identifier: MIT
#include "brindle/report/confusion_matrix.hpp"

#include <brindle/core/file.hpp>
#include <brindle/report/colour.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/golden.hpp"
#include "support/markup.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::report;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

Tensor<float> tensor(const Shape& shape, const std::vector<float>& values) {
  Tensor<float> t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

}  // namespace

TEST_CASE("a confusion matrix counts true classes in rows and predicted ones in columns",
          "[report][confusion_matrix]") {
  const auto p = tensor({5, 1}, {0.1f, 0.9f, 0.5f, 0.51f, 0.2f});  // exactly one half is the first class
  const auto two = confusion_matrix(p, tensor({5, 1}, {0, 0, 1, 1, 1}));
  CHECK(two.count(0, 0) == 1);
  CHECK(two.count(0, 1) == 1);
  CHECK(two.count(1, 0) == 2);
  CHECK(two.count(1, 1) == 1);
  const auto q = tensor({3, 3}, {0.2f, 0.5f, 0.3f, 0.4f, 0.4f, 0.2f, 0, 0, 1});
  const auto three = confusion_matrix(q, tensor({3, 1}, {1, 2, 2}));
  CHECK(three.count(1, 1) == 1);
  CHECK(three.count(2, 0) == 1);
  CHECK(three.count(2, 2) == 1);
  CHECK(three.support(2) == 2);
  CHECK(three.total() == 3);
}

TEST_CASE("a confusion matrix shows counts, shares of the row and names", "[report][confusion_matrix]") {
  const std::string svg = drawing_svg(confusion_matrix_drawing({2, {1412, 588, 0, 0}}, {"cat", "<dog>"}));
  check_markup(svg);
  CHECK_THAT(svg, Contains(">1,412<") && Contains(">70.6 %<") && Contains(">29.4 %<") && Contains("&lt;dog&gt;") &&
                      Contains(">true<") && Contains(">predicted<"));
  CHECK_THAT(svg, !Contains("nan"));
}

TEST_CASE("a confusion matrix of many classes fits its drawing", "[report][confusion_matrix]") {
  for (const std::size_t k : {2u, 5u, 12u, 40u, 200u}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < k; ++i) names.push_back("a rather long name of class " + std::to_string(i));
    const ConfusionMatrix m(static_cast<std::int64_t>(k), std::vector<std::int64_t>(k * k, 3));
    const Drawing d = confusion_matrix_drawing(m, names);
    for (const auto& item : d.items)
      if (const auto* r = std::get_if<DrawnRectangle>(&item)) {
        CHECK(r->x >= 0);
        CHECK(r->x + r->width <= d.width);
        CHECK(r->y + r->height <= d.height);
      }
  }
}

TEST_CASE("a confusion matrix is written as SVG or PNG, by the file's name", "[report][confusion_matrix]") {
  const TemporaryFolder folder;
  const ConfusionMatrix matrix(2, {3, 1, 0, 4});
  report::confusion_matrix(matrix, {"cat", "dog"}, folder / "m.svg");
  report::confusion_matrix(matrix, {"cat", "dog"}, folder / "m.png");
  const auto svg = read_file(folder / "m.svg"), png = read_file(folder / "m.png");
  CHECK(std::string(svg.begin(), svg.end()) == drawing_svg(confusion_matrix_drawing(matrix, {"cat", "dog"})));
  CHECK(std::string(png.begin() + 1, png.begin() + 4) == "PNG");
}

TEST_CASE("squares of a confusion matrix lead where they are told to, and a PNG is the same without",
          "[report][confusion_matrix]") {
  const ConfusionMatrix matrix(2, {3, 1, 0, 4});
  const Drawing with = confusion_matrix_drawing(matrix, {"cat", "d&g"}, {.links = {"", "#a", "", "#b"}});
  const std::string svg = drawing_svg(with);
  check_markup(svg);
  CHECK(count(svg, "<a ") == 2);
  CHECK_THAT(svg, Contains("role=\"group\""));  // what is in an image is not told
  CHECK_THAT(drawing_svg(confusion_matrix_drawing(matrix, {"cat", "dog"})), Contains("role=\"img\""));
  CHECK_THAT(svg, Contains("<a href=\"#a\" aria-label=\"cat taken for d&amp;g: 1\">") &&
                      Contains("<a href=\"#b\" aria-label=\"d&amp;g found: 4\">"));
  CHECK(paint(with).pixels == paint(confusion_matrix_drawing(matrix, {"cat", "d&g"})).pixels);
  CHECK_THROWS_WITH(confusion_matrix_drawing(matrix, {"cat", "dog"}, {.links = {"#a"}}),
                    Contains("1 links for 4 squares"));
}

TEST_CASE("a confusion matrix says what does not fit", "[report][confusion_matrix]") {
  CHECK_THROWS_WITH(ConfusionMatrix(2, {1, 2, 3}), Contains("4 counts") && Contains("got 3"));
  CHECK_THROWS_AS(ConfusionMatrix(2, {1, 2, 3, -1}), ValueError);
  CHECK_THROWS_WITH(confusion_matrix_drawing(ConfusionMatrix(2), {"a"}), Contains("1 names for 2 classes"));
  CHECK_THROWS_WITH(confusion_matrix(tensor({2, 1}, {0, 1}), tensor({2, 1}, {0, 2})), Contains("label 1 is 2"));
  CHECK_THROWS_WITH(confusion_matrix(tensor({2, 2}, {0, 1, 1, 0}), tensor({3, 1}, {0, 1, 1})),
                    Contains("(3, K)") && Contains("got (2, 2)"));
}

TEST_CASE("numbers in a confusion matrix are read at 4.5 to 1 on every square, in light and dark",
          "[report][confusion_matrix]") {
  CHECK(contrast({0, 0, 0}, {255, 255, 255}) == Approx(21));
  CHECK(contrast({119, 119, 119}, {255, 255, 255}) == Approx(4.48).margin(0.01));
  for (int percent = 0; percent <= 100; ++percent)
    for (const Theme theme : {Theme::light, Theme::dark}) {
      const double share = percent / 100.0;
      INFO(percent << " % on " << (theme == Theme::light ? "light" : "dark"));
      CHECK(contrast(colour(internal::ink_on_square(share), theme), internal::square_colour(share, theme)) >= 4.5);
    }
}
