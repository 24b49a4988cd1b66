// SPDX-License-Identifier: MIT
#include "brindle/report/canvas.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace brindle;
using namespace brindle::report;
using Catch::Matchers::Contains;

namespace {

/// How much of a black pen on white has been laid down, in pixels.
double ink(const Canvas& canvas) {
  double sum = 0;
  for (std::size_t i = 0; i < canvas.picture().pixels.size(); i += 3) sum += 255 - canvas.picture().pixels[i];
  return sum / 255;
}

int grey(const Canvas& canvas, std::int64_t row, std::int64_t column) { return canvas.picture().at(row, column)[0]; }

}  // namespace

TEST_CASE("shapes cover as many pixels as their areas say, wherever they lie between pixels", "[report][canvas]") {
  for (const double x : {20.0, 20.25, 20.5, 20.8}) {
    CAPTURE(x);
    Canvas disc(50, 50);
    disc.disc({x, 24.3}, 10, {});
    CHECK(ink(disc) == Approx(314.16).epsilon(0.01));
    Canvas ring(50, 50);
    ring.ring({x, 24.3}, 10, {.width = 3});
    CHECK(ink(ring) == Approx(62.83 * 3).epsilon(0.01));
    CHECK(grey(ring, 24, 20) == 255);
    Canvas line(50, 50);
    line.line({x, 10}, {x + 12, 35}, {.width = 3});
    CHECK(ink(line) == Approx(27.73 * 3 + 3.1416 * 1.5 * 1.5).epsilon(0.02));
    Canvas rectangle(50, 50);
    rectangle.rectangle(x, 10.5, 7.5, 3.25, {});
    CHECK(ink(rectangle) == Approx(7.5 * 3.25).epsilon(0.01));
    Canvas polygon(50, 50);
    const Point corners[] = {{x, 10}, {x + 20, 12}, {x + 5, 40}};
    polygon.polygon(corners, {});
    CHECK(ink(polygon) == Approx(295).epsilon(0.01));
  }
}

TEST_CASE("edges are smooth and the inside is whole", "[report][canvas]") {
  Canvas canvas(40, 40);
  canvas.line({5, 5}, {35, 20}, {.width = 4});
  int partly = 0, wholly = 0;
  for (std::int64_t r = 0; r < 40; ++r)
    for (std::int64_t c = 0; c < 40; ++c) {
      partly += grey(canvas, r, c) > 0 && grey(canvas, r, c) < 255;
      wholly += grey(canvas, r, c) == 0;
    }
  CHECK(partly > 40);
  CHECK(wholly > 60);
}

TEST_CASE("a line that crosses itself is not darker where it does", "[report][canvas]") {
  Canvas canvas(40, 40);
  const Point points[] = {{5, 20}, {35, 20}, {35, 35}, {20, 35}, {20, 5}};
  canvas.polyline(points, {.width = 6, .opacity = 0.5});
  CHECK(grey(canvas, 20, 20) == grey(canvas, 20, 10));
  CHECK(grey(canvas, 20, 10) == 128);
}

TEST_CASE("dashes go on around the corner and leave out the gaps", "[report][canvas]") {
  Canvas straight(220, 20), bent(120, 120);
  const Pen pen{.width = 2, .dash = 8, .gap = 6};
  straight.line({10, 10}, {210, 10}, pen);
  const Point corner[] = {{10, 10}, {110, 10}, {110, 110}};
  bent.polyline(corner, pen);
  CHECK(ink(straight) == Approx(ink(bent)).epsilon(0.03));
  Canvas whole(220, 20);
  whole.line({10, 10}, {210, 10}, {.width = 2});
  CHECK(ink(straight) / ink(whole) > 0.55);  // 8 of 14, and round ends
  CHECK(ink(straight) / ink(whole) < 0.72);
}

TEST_CASE("what lies outside the canvas is cut off", "[report][canvas]") {
  Canvas canvas(20, 20);
  canvas.disc({-100, 10}, 5, {});
  canvas.line({-50, -50}, {-10, 300}, {.width = 3});
  canvas.text({500, -20}, "outside", {});
  CHECK(ink(canvas) == 0);
  canvas.rectangle(-10, -10, 100, 100, {});
  CHECK(ink(canvas) == 400);
  canvas.picture(image::Picture(3, 3, 1), -5, -5, 100, 8);
  canvas.disc({20, 20}, 1e6, {});
  CHECK(ink(canvas) == 400);
}

TEST_CASE("text is as wide as its width says, anchored where asked, and turned", "[report][font]") {
  const auto columns = [](const Canvas& canvas) {
    std::int64_t first = canvas.picture().width, last = -1;
    for (std::int64_t r = 0; r < canvas.picture().height; ++r)
      for (std::int64_t c = 0; c < canvas.picture().width; ++c)
        if (grey(canvas, r, c) < 128) first = std::min(first, c), last = std::max(last, c);
    return std::pair{first, last};
  };
  const std::string text = "The quick brown fox 0123";
  const double width = font::width(text, 20);
  Canvas begin(400, 40), middle(400, 40), end(400, 40);
  begin.text({20, 28}, text, {.size = 20});
  middle.text({200, 28}, text, {.size = 20, .anchor = Anchor::middle});
  end.text({380, 28}, text, {.size = 20, .anchor = Anchor::end});
  CHECK(std::abs(static_cast<double>(columns(begin).first) - 20) <= 3);
  CHECK(std::abs(static_cast<double>(columns(begin).second) - 20 - width) <= 3);
  CHECK(std::abs(static_cast<double>(columns(middle).first + columns(middle).second) / 2 - 200) <= 2);
  CHECK(std::abs(static_cast<double>(columns(end).second) - 380) <= 3);
  Canvas upwards(40, 400);
  upwards.text({28, 380}, text, {.size = 20, .upwards = true});
  CHECK(ink(upwards) == Approx(ink(begin)).epsilon(0.01));
  Canvas bold(400, 40);
  bold.text({20, 28}, text, {.size = 20, .bold = true});
  CHECK(ink(bold) > 1.3 * ink(begin));
}

TEST_CASE("every letter has strokes of its own", "[report][font]") {
  std::vector<std::vector<std::uint8_t>> seen;
  std::string text;
  for (char c = '!'; c <= '~'; ++c) text += c;
  for (const char* sign :
       {"ä", "ö", "ü", "ß", "é", "è", "ê", "ñ", "ç", "å", "ø", "Ä", "É", "×", "·", "°", "±", "µ", "→", "←", "…", "≤"})
    text += sign;
  for (const std::uint32_t code : font::characters(text)) {
    std::string one;
    if (code < 0x80)
      one += static_cast<char>(code);
    else if (code < 0x800)
      one += {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3f))};
    else
      one += {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
              static_cast<char>(0x80 | (code & 0x3f))};
    CAPTURE(one);
    Canvas canvas(40, 50);
    canvas.text({10, 35}, one, {.size = 24});
    CHECK(ink(canvas) > 3);
    for (const auto& other : seen) CHECK(other != canvas.picture().pixels);
    seen.push_back(canvas.picture().pixels);
  }
}

TEST_CASE("text that is no UTF-8, or of another script, is drawn as something", "[report][font]") {
  CHECK(font::characters("a\xc3\xa4\xe2\x82\xac") == std::vector<std::uint32_t>{'a', 0xe4, 0x20ac});
  CHECK(font::characters("\xff\xc3").size() == 2);
  CHECK(font::characters("\xe2\x82").size() == 2);
  Canvas canvas(100, 40);
  canvas.text({5, 30}, "\xff \xe6\x97\xa5", {.size = 20});
  CHECK(ink(canvas) > 10);
  CHECK(font::width("\xe6\x97\xa5", 12) > 4);
}

TEST_CASE("text that does not fit ends in dots, between characters", "[report][font]") {
  CHECK(internal::fitted("short", 12, 100) == "short");
  const std::string cut = internal::fitted("ein sehr langes Wörterbuch von Wörtern", 12, 100);
  CHECK_THAT(cut, Catch::EndsWith("\u2026"));
  CHECK(font::width(cut, 12) <= 100);
  CHECK(font::width(cut, 12) > 80);
  for (const std::uint32_t code : font::characters(internal::fitted("ääääääääääää", 12, 40)))
    CHECK((code == 0xe4 || code == 0x2026));
}

TEST_CASE("a picture on the canvas keeps its colours, enlarged as squares or smooth, or made smaller",
          "[report][canvas]") {
  image::Picture checks(2, 2, 3);
  checks.pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
  Canvas squares(20, 20), smooth(20, 20);
  squares.picture(checks, 0, 0, 20, 20, false);
  CHECK(std::vector<std::uint8_t>(squares.picture().at(9, 9), squares.picture().at(9, 9) + 3) ==
        std::vector<std::uint8_t>{255, 0, 0});
  CHECK(std::vector<std::uint8_t>(squares.picture().at(9, 10), squares.picture().at(9, 10) + 3) ==
        std::vector<std::uint8_t>{0, 255, 0});
  smooth.picture(checks, 0, 0, 20, 20, true);
  CHECK(smooth.picture().at(9, 9)[0] < 255);
  CHECK(smooth.picture().at(0, 0)[0] == 255);

  image::Picture stripes(64, 64, 1);
  for (std::int64_t r = 0; r < 64; ++r)
    for (std::int64_t c = 0; c < 64; ++c) *stripes.at(r, c) = c % 2 ? 255 : 0;
  Canvas small(8, 8);
  small.picture(stripes, 0, 0, 8, 8);
  for (const std::uint8_t value : small.picture().pixels) CHECK(std::abs(value - 128) <= 10);

  image::Picture clear(1, 1, 4);
  Canvas under(4, 4);
  under.picture(clear, 0, 0, 4, 4);
  CHECK(ink(under) == 0);
  CHECK_THROWS_WITH(under.picture(image::Picture(1, 1, 2), 0, 0, 1, 1), Contains("(1, 1, 2)"));
}

TEST_CASE("a canvas without a pixel, or beyond all measure, is refused", "[report][canvas]") {
  CHECK_THROWS_WITH(Canvas(0, 10), Contains("0 x 10"));
  CHECK_THROWS_AS(Canvas(1e9, 10), ShapeError);
  CHECK_THROWS_WITH(Canvas(std::numeric_limits<double>::quiet_NaN(), 10), Contains("got nan x 10"));
}
