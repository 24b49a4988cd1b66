// SPDX-License-Identifier: MIT
#include "brindle/report/progress_line.hpp"

#include <catch2/catch.hpp>
#include <clocale>
#include <cstdio>
#include <string>
#include <vector>

using namespace brindle;
using namespace brindle::report;
using Catch::Matchers::Contains;

namespace {

/// What a callback writes in a run of two epochs of five steps of 30 photos, each a tenth of a second.
std::string written(ProgressOptions options, bool validation = true) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file);
  options.out = file;
  const Callback c = progress_line(options);
  FitState s{.epochs = 2, .steps = 5};
  if (c.begin) c.begin(s);
  for (s.epoch = 1; s.epoch <= 2; ++s.epoch) {
    s.val_loss = s.val_accuracy = std::numeric_limits<double>::quiet_NaN();
    for (s.step = 1; s.step <= 5; ++s.step) {
      s.samples = 30 * s.step, s.seconds = 0.1 * static_cast<double>(s.step), s.loss = 0.5, s.accuracy = 0.75;
      if (c.step) c.step(s);
    }
    s.step = 5;
    s.seconds = 120;
    if (validation) s.val_loss = 0.625, s.val_accuracy = 0.7;
    if (c.epoch) c.epoch(s);
  }
  std::rewind(file);
  std::string text;
  for (int ch = std::fgetc(file); ch != EOF; ch = std::fgetc(file)) text += static_cast<char>(ch);
  std::fclose(file);
  return text;
}

std::size_t columns(const std::string& text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

}  // namespace

TEST_CASE("in a file the progress is a line an epoch and nothing else", "[report][progress_line]") {
  CHECK(written({}) ==
        "epoch 1/2  2 min  loss 0.5000  accuracy 0.7500  val_loss 0.6250  val_accuracy 0.7000  2 min to go\n"
        "epoch 2/2  2 min  loss 0.5000  accuracy 0.7500  val_loss 0.6250  val_accuracy 0.7000\n");
  CHECK(
      written({}, false) ==
      "epoch 1/2  2 min  loss 0.5000  accuracy 0.7500  2 min to go\nepoch 2/2  2 min  loss 0.5000  accuracy 0.7500\n");
}

TEST_CASE("with a bar the progress shows the step, figures so far, photos a second and time to go",
          "[report][progress_line]") {
  const std::string text = written({.bar = true, .width = 120});
  CHECK_THAT(text,
             Contains("\r\033[Kepoch 1/2  ") && Contains("3/5  loss 0.5000  accuracy 0.7500  300 photos/s  0 s to go"));
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n';
  CHECK(lines == 2);
}

TEST_CASE("a line is never wider than the terminal, and keeps what matters most", "[report][progress_line]") {
  FitState s{.epoch = 12, .epochs = 100, .step = 37, .steps = 100, .samples = 1110, .loss = 0.4731, .accuracy = 0.7753};
  s.seconds = 5.2;
  FitState end = s;
  end.val_loss = 0.6, end.val_accuracy = 0.7;
  for (std::size_t width = 0; width <= 200; ++width)
    for (const bool unicode : {false, true}) {
      CAPTURE(width);
      const std::string line = progress::step_line(s, width, unicode);
      CHECK(columns(line) <= width);
      CHECK(columns(progress::epoch_line(end, 60, width)) <= width);
      if (width >= 16) CHECK_THAT(line, Contains("12/100") && Contains("37/100"));
      if (width >= 30) CHECK_THAT(line, Contains("loss 0.4731"));
      if (width >= 79) CHECK_THAT(line, Contains("9 s") && Contains("0.7753") && Contains(unicode ? "\u2501" : "[="));
      if (width >= 110) CHECK_THAT(line, Contains("213 photos/s") && Contains("9 s to go") && Contains("accuracy"));
      if (width >= 23) CHECK_THAT(progress::epoch_line(end, 60, width), Contains("0.7000"));
      if (width >= 79)
        CHECK_THAT(progress::epoch_line(end, 60, width), Contains("val_loss") && Contains("5 s") && Contains("0.7753"));
    }
}

TEST_CASE("a bar is as full as its share", "[report][progress_line]") {
  CHECK(progress::bar(0, 10, false) == "[>       ]");
  CHECK(progress::bar(0.5, 10, false) == "[====>   ]");
  CHECK(progress::bar(1, 10, false) == "[========]");
  CHECK(progress::bar(7, 10, false) == "[========]");
  CHECK(progress::bar(0.5, 4, true) == "\u2501\u2501\u2500\u2500");
  CHECK(progress::bar(0.625, 4, true) == "\u2501\u2501\u2578\u2500");
  CHECK(progress::bar(0.5, 3, true).empty());
}

TEST_CASE("durations are written as people say them", "[report][progress_line]") {
  CHECK(progress::duration_text(7.4) == "7 s");
  CHECK(progress::duration_text(200) == "3 min 20 s");
  CHECK(progress::duration_text(3899) == "1 h 4 min");
  CHECK(progress::duration_text(3600) == "1 h");
}

TEST_CASE("an epoch that waited for its pictures says so", "[report][progress_line]") {
  FitState s{.epoch = 1, .epochs = 1, .seconds = 10, .waited = 0.15};
  CHECK_THAT(progress::epoch_line(s, 10, 200), !Contains("waited"));
  s.waited = 0.5;
  CHECK_THAT(progress::epoch_line(s, 10, 200), Contains("  waited 5%"));
}
