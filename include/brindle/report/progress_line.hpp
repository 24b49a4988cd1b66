#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include "brindle/train/callback.hpp"

namespace brindle::report {

namespace progress {

/// "7 s", "3 min 20 s", "1 h 5 min".
inline std::string duration_text(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min" + (s % 60 ? " " + std::to_string(s % 60) + " s" : "");
  return std::to_string(s / 3600) + " h" + (s / 60 % 60 ? " " + std::to_string(s / 60 % 60) + " min" : "");
}

inline bool is_terminal(std::FILE* out) {
#if __has_include(<unistd.h>)
  return isatty(fileno(out)) != 0;
#else
  static_cast<void>(out);
  return false;
#endif
}

inline std::string figure(const char* name, double value) {
  char text[64];
  std::snprintf(text, sizeof text, "  %s %.4f", name, value);
  return text;
}

}  // namespace progress

/// One line an epoch on `out`: seconds, loss and accuracy, those of the validation data, time to go. On a terminal the
/// line also grows while the epoch runs; in a file it is written once, whole.
///
///     trainer.fit(photos, {.callbacks = {report::progress_line()}})
///     epoch  3/30   9 s  loss 0.4731  accuracy 0.7753  val_loss 0.6023  val_accuracy 0.6930  4 min to go
inline Callback progress_line(std::FILE* out = stdout) {
  struct State {
    double seconds = 0;      // of the epochs so far
    double last_update = 0;  // seconds into this epoch
  };
  const auto shared = std::make_shared<State>();
  const bool live = progress::is_terminal(out);
  const auto head = [](const FitState& s) {
    const std::string of = std::to_string(s.epochs), epoch = std::to_string(s.epoch);
    return "epoch " + std::string(of.size() - epoch.size(), ' ') + epoch + "/" + of;
  };
  const auto figures = [](const FitState& s) {
    return progress::figure("loss", s.loss) + progress::figure("accuracy", s.accuracy);
  };

  Callback callback;
  if (live)
    callback.step = [=](FitState& s) {
      if (s.step == 1) shared->last_update = 0;
      if (s.seconds - shared->last_update < 0.1 && s.step != s.steps) return;
      shared->last_update = s.seconds;
      const double left = s.seconds / static_cast<double>(s.step) * static_cast<double>(s.steps - s.step);
      std::fprintf(out, "\r\033[K%s  step %lld/%lld%s  %s left in this epoch", head(s).c_str(),
                   static_cast<long long>(s.step), static_cast<long long>(s.steps), figures(s).c_str(),
                   progress::duration_text(left).c_str());
      std::fflush(out);
    };
  callback.epoch = [=](FitState& s) {
    shared->seconds += s.seconds;
    std::string text = head(s) + "  " + progress::duration_text(s.seconds) + figures(s);
    if (s.has_validation())
      text += progress::figure("val_loss", s.val_loss) + progress::figure("val_accuracy", s.val_accuracy);
    if (s.epoch < s.epochs)
      text += "  " + progress::duration_text(shared->seconds / static_cast<double>(s.epoch) *
                                           static_cast<double>(s.epochs - s.epoch)) + " to go";
    std::fprintf(out, "%s%s\n", live ? "\r\033[K" : "", text.c_str());
    std::fflush(out);
  };
  return callback;
}

}  // namespace brindle::report
