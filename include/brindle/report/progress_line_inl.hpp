// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what progress_line.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#if __has_include(<sys/ioctl.h>) && __has_include(<unistd.h>)
#include <sys/ioctl.h>
#include <unistd.h>
#define BRINDLE_HAS_TERMINALS 1
#endif

#include "brindle/core/inline.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/progress_line.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle::report::progress {

BRINDLE_INLINE std::string duration_text(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min" + (s % 60 ? " " + std::to_string(s % 60) + " s" : "");
  return std::to_string(s / 3600) + " h" + (s / 60 % 60 ? " " + std::to_string(s / 60 % 60) + " min" : "");
}

/// Whether a line there can be written over: a terminal, and not one that calls itself dumb.
BRINDLE_INLINE bool is_terminal(std::FILE* out) {
#ifdef BRINDLE_HAS_TERMINALS
  const char* kind = std::getenv("TERM");
  return isatty(fileno(out)) != 0 && kind && std::string(kind) != "dumb";
#else
  static_cast<void>(out);
  return false;
#endif
}

BRINDLE_INLINE int columns(std::FILE* out) {
#if defined(BRINDLE_HAS_TERMINALS) && defined(TIOCGWINSZ)
  winsize size{};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
  static_cast<void>(out);
  return 80;
}

/// Whether the environment says that text is UTF-8.
BRINDLE_INLINE bool utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    const std::string text = value;
    return text.find("UTF-8") != std::string::npos || text.find("utf8") != std::string::npos ||
           text.find("utf-8") != std::string::npos || text.find("UTF8") != std::string::npos;
  }
  return false;
}

BRINDLE_INLINE std::string joined(std::vector<Part> parts, std::size_t width) {
  const auto line = [&] {
    std::string text;
    for (const Part& p : parts)
      if (!p.text.empty()) text += (text.empty() ? "" : "  ") + p.text;
    return text;
  };
  const auto less_important = [](const Part& a, const Part& b) { return a.importance < b.importance; };
  std::vector<Part*> order;
  for (Part& p : parts) order.push_back(&p);
  std::sort(order.begin(), order.end(), [&](const Part* a, const Part* b) { return less_important(*a, *b); });
  for (Part* p : order)
    if (line().size() > width && !p->shorter.empty()) p->text = p->shorter;
  while (line().size() > width && parts.size() > 1)
    parts.erase(std::min_element(parts.begin(), parts.end(), less_important));
  return line().substr(0, width);
}

BRINDLE_INLINE std::string bar(double share, std::size_t width, bool unicode) {
  if (width < 4) return "";
  share = std::clamp(share, 0.0, 1.0);
  std::string out;
  if (unicode) {
    const auto halves = static_cast<std::size_t>(share * static_cast<double>(2 * width));
    for (std::size_t i = 0; i < width; ++i)
      out += 2 * i + 2 <= halves ? "\u2501" : 2 * i + 1 <= halves ? "\u2578" : "\u2500";
    return out;
  }
  const auto full = static_cast<std::size_t>(share * static_cast<double>(width - 2));
  out = "[" + std::string(full, '=');
  if (full < width - 2) out += ">" + std::string(width - 3 - full, ' ');
  return out + "]";
}

BRINDLE_INLINE Part figure(const std::string& name, const std::string& shorter, double value, int importance) {
  const std::string number = fixed(value, 4);
  return {name + ' ' + number, importance, shorter + ' ' + number};
}

BRINDLE_INLINE std::string waited(const FitState& s) {
  return s.waited > 0.02 * s.seconds ? "waited " + fixed(100 * s.waited / s.seconds, 0) + "%" : "";
}

BRINDLE_INLINE Part head(const FitState& s) {
  const std::string of = std::to_string(s.epochs), epoch = std::to_string(s.epoch);
  const std::string number = std::string(of.size() - std::min(of.size(), epoch.size()), ' ') + epoch + "/" + of;
  return {"epoch " + number, 9, number};
}

BRINDLE_INLINE std::string step_line(const FitState& s, std::size_t width, bool unicode) {
  const std::string of = std::to_string(s.steps), step = std::to_string(s.step);
  const std::string position = std::string(of.size() - std::min(of.size(), step.size()), ' ') + step + "/" + of;
  const double rate = s.seconds > 0 ? static_cast<double>(s.samples) / s.seconds : 0;
  const double left = s.step > 0 ? s.seconds / static_cast<double>(s.step) * static_cast<double>(s.steps - s.step) : 0;
  const std::string speed = fixed(rate, rate < 10 ? 1 : 0), time = duration_text(left);
  const std::string first = width >= 40 ? head(s).text : head(s).shorter;
  const std::size_t taken = first.size() + 2, least_bar = width >= 60 ? 12 : 0;
  std::vector<Part> parts{{position, 8}, figure("loss", "loss", s.loss, 7)};
  if (s.has_accuracy) parts.push_back(figure("accuracy", "acc", s.accuracy, 5));
  parts.push_back({speed + " photos/s", 3, speed + "/s"});
  parts.push_back({time + " to go", 4, time});
  const std::string rest = joined(parts, width > taken + least_bar ? width - taken - least_bar : 0);
  if (rest.empty()) return first.substr(0, width);
  const std::size_t used = taken + rest.size() + 2;
  const std::size_t room = used < width ? std::min<std::size_t>(width - used, 24) : 0;
  const double share = static_cast<double>(s.step) / static_cast<double>(std::max<std::int64_t>(s.steps, 1));
  return first + "  " + (room >= 6 ? bar(share, room, unicode) + "  " : "") + rest;
}

BRINDLE_INLINE std::string epoch_line(const FitState& s, double seconds, std::size_t width) {
  std::vector<Part> parts{head(s), {duration_text(s.seconds), 3}, figure("loss", "loss", s.loss, 6)};
  if (s.has_accuracy) parts.push_back(figure("accuracy", "acc", s.accuracy, 7));
  if (s.has_validation()) {
    parts.push_back(figure("val_loss", "val_loss", s.val_loss, 5));
    if (s.has_accuracy) parts.push_back(figure("val_accuracy", "val_acc", s.val_accuracy, 8));
  }
  if (s.has_validation())
    for (const auto& [name, value] : s.val_metrics) parts.push_back(figure("val_" + name, "val_" + name, value, 4));
  if (const std::string text = waited(s); !text.empty()) parts.push_back({text, 4});
  if (s.epoch < s.epochs && !s.stop)
    parts.push_back(
        {duration_text(seconds / static_cast<double>(s.epoch) * static_cast<double>(s.epochs - s.epoch)) + " to go",
         2});
  return joined(parts, width);
}

}  // namespace brindle::report::progress

namespace brindle::report {

BRINDLE_INLINE Callback progress_line(const ProgressOptions& options) {
  struct State {
    double seconds = 0;      // of the epochs so far
    double last_update = 0;  // seconds into this epoch
  };
  const auto shared = std::make_shared<State>();
  const bool live = options.bar.value_or(progress::is_terminal(options.out));
  const bool unicode = progress::utf8();
  // One column less than there are: some terminals wrap as soon as the last one is used.
  const auto width = [options] {
    return static_cast<std::size_t>(
        std::max(1, (options.width > 0 ? options.width : progress::columns(options.out)) - 1));
  };

  Callback callback;
  callback.once = callback.keeps_weights = true;
  callback.begin = [shared](FitState&) { *shared = {}; };
  if (live)
    callback.step = [=](FitState& s) {
      if (s.step == 1) shared->last_update = 0;
      if (s.step > 1 && s.step != s.steps && s.seconds - shared->last_update < options.every) return;
      shared->last_update = s.seconds;
      std::fprintf(options.out, "\r\033[K%s", progress::step_line(s, width(), unicode).c_str());
      std::fflush(options.out);
    };
  callback.epoch = [=](FitState& s) {
    shared->seconds += s.seconds;
    const std::string line = progress::epoch_line(s, shared->seconds, live ? width() : std::string::npos);
    std::fprintf(options.out, "%s%s\n", live ? "\r\033[K" : "", line.c_str());
    std::fflush(options.out);
  };
  callback.state = [shared](RunState& run) { run.value("progress_line.seconds", shared->seconds); };
  return callback;
}

}  // namespace brindle::report

#undef BRINDLE_HAS_TERMINALS
