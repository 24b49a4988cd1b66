// SPDX-License-Identifier: MIT
#include "brindle/report/drawing.hpp"

#include <brindle/core/file.hpp>
#include <brindle/report/markup.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "brindle/image/decode.hpp"
#include "support/markup.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::report;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

Drawing example() {
  Drawing d{.width = 120, .height = 80, .title = "a & b"};
  d.line({10, 70}, {110, 70}, Ink::axis);
  d.add(DrawnLine{.pieces = {{{10, 10}, {20, 30}, {40, 20}}, {{60, 60}}}, .ink = Ink::first, .width = 2});
  d.add(DrawnDisc{.centre = {60, 40}, .radius = 8, .ink = Ink::second});
  d.add(DrawnRectangle{80, 20, 20, 20, Ink::first, 0.5});
  d.add(DrawnText{.at = {60, 15}, .text = "x < y", .anchor = Anchor::middle, .halo = true});
  d.add(DrawnPicture{image::Picture(2, 2, 3), 100, 50, 10, 10, false});
  return d;
}

}  // namespace

TEST_CASE("a drawing is well-formed SVG that needs nothing else, light and dark", "[report][drawing]") {
  const std::string svg = drawing_svg(example());
  check_markup(svg);
  CHECK_THAT(svg, Contains("a &amp; b") && Contains("x &lt; y") && Contains("prefers-color-scheme: dark") &&
                      Contains(hex(colour(Ink::first, Theme::light))) &&
                      Contains(hex(colour(Ink::first, Theme::dark))));
  CHECK(count(svg, "<path") == 1);
  CHECK(count(svg, "data:image/png;base64,iVBOR") == 1);
}

TEST_CASE("a drawing is painted at its scale, in the colours of the theme", "[report][drawing]") {
  const image::Picture light = paint(example()), dark = paint(example(), {.theme = Theme::dark, .scale = 1});
  CHECK(light.shape() == Shape{160, 240, 3});
  CHECK(dark.shape() == Shape{80, 120, 3});
  const auto is = [](const std::uint8_t* p, Rgb c) { return Rgb{p[0], p[1], p[2]} == c; };
  CHECK(is(light.at(0, 0), colour(Ink::ground, Theme::light)));
  CHECK(is(dark.at(0, 0), colour(Ink::ground, Theme::dark)));
  CHECK(is(light.at(80, 120), colour(Ink::second, Theme::light)));
  CHECK(is(dark.at(40, 60), colour(Ink::second, Theme::dark)));
  CHECK(is(light.at(60, 180), mix(colour(Ink::ground, Theme::light), colour(Ink::first, Theme::light), 0.5)));
  CHECK(is(light.at(110, 210), Rgb{0, 0, 0}));
  CHECK_THROWS_WITH(paint(example(), {.scale = 0}), Contains("scale above 0"));
}

TEST_CASE("the ending of the path says which form a drawing takes", "[report][drawing]") {
  const TemporaryFolder folder;
  write_drawing(example(), folder / "d.svg");
  write_drawing(example(), folder / "d.png");
  const auto svg = read_file(folder / "d.svg");
  CHECK(std::string(svg.begin(), svg.end()) == drawing_svg(example()));
  CHECK(image::decode(folder / "d.png") == paint(example()));
  CHECK_THROWS_WITH(write_drawing(example(), folder / "d.jpg", {}, "chart"),
                    Catch::StartsWith("chart: ") && Contains(".svg or .png") && Contains("d.jpg"));
}

TEST_CASE("text in markup is escaped, and what no markup may contain is replaced", "[report][markup]") {
  CHECK(internal::escaped("<a href=\"x\">&'</a>") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
  CHECK(internal::escaped(std::string("a\0b\x1f\x7f"
                                      "c\nd",
                                      8)) == "a b  c\nd");
  CHECK(internal::escaped("Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x90\xb1") ==
        "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x90\xb1");
  CHECK(internal::escaped("\xff\xc3") == "??");
  CHECK(internal::escaped("\xc0\xaf") == "??");            // not the shortest form
  CHECK(internal::escaped("\xed\xa0\x80") == "???");       // half a surrogate
  CHECK(internal::escaped("\xf4\x90\x80\x80") == "????");  // beyond the last character
}

TEST_CASE("base64 is that of RFC 4648", "[report][markup]") {
  const char* pairs[][2] = {{"", ""},
                            {"f", "Zg=="},
                            {"fo", "Zm8="},
                            {"foo", "Zm9v"},
                            {"foob", "Zm9vYg=="},
                            {"fooba", "Zm9vYmE="},
                            {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : pairs) CHECK(internal::base64(plain) == coded);
  CHECK(internal::base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("words can be read on their ground, light and dark", "[report][colour]") {
  const auto light = [](Rgb c) {  // relative luminance, WCAG 2.1
    const auto linear = [](double v) { return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(c.r / 255.0) + 0.7152 * linear(c.g / 255.0) + 0.0722 * linear(c.b / 255.0);
  };
  const auto contrast = [&](Rgb a, Rgb b) {
    return (std::max(light(a), light(b)) + 0.05) / (std::min(light(a), light(b)) + 0.05);
  };
  for (const Theme theme : {Theme::light, Theme::dark}) {
    for (const Ink ink : {Ink::text, Ink::strong, Ink::faint, Ink::first_text, Ink::second_text}) {
      CAPTURE(internal::ink_name(ink));
      CHECK(contrast(colour(ink, theme), colour(Ink::ground, theme)) >= 4.5);
    }
    for (const Ink ink : {Ink::first, Ink::second})
      CHECK(contrast(colour(ink, theme), colour(Ink::ground, theme)) >= 3);
    CHECK(contrast(colour(Ink::on_first, theme), colour(Ink::first, theme)) >= 4.5);
  }
}
