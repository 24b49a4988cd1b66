// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "brindle/train/callback.hpp"

namespace brindle::report {

struct ProgressOptions {
  std::FILE* out = stdout;       ///< where the line goes
  std::optional<bool> bar = {};  ///< a bar that grows within an epoch; not given: on a terminal that can, else not
  int width = 0;                 ///< columns of the terminal; 0: as many as it says it has
  double every = 0.1;            ///< seconds between two updates of the bar
};

namespace progress {

/// "7 s", "3 min 20 s", "1 h 5 min".
std::string duration_text(double seconds);

/// Columns of a terminal; 80 if it does not say.
int columns(std::FILE* out);

/// A part of a line. Where a line is too long, the least important parts become shorter first, then are left out.
struct Part {
  std::string text;
  int importance = 0;
  std::string shorter = {};  ///< empty: there is no shorter form
};

/// Parts with two spaces between them, in at most `width` columns. All text is ASCII.
std::string joined(std::vector<Part> parts, std::size_t width);

/// A bar of `width` columns, `share` of it full.
std::string bar(double share, std::size_t width, bool unicode);

Part figure(const std::string& name, const std::string& shorter, double value, int importance);

/// "waited 3%" if an epoch spent more than 2 of 100 seconds waiting for its pictures, else nothing.
std::string waited(const FitState& s);

Part head(const FitState& s);

}  // namespace progress

/// One line an epoch: seconds, loss and accuracy, those of the validation data, time to go. On a terminal a bar grows
/// while the epoch runs, with the step, loss and accuracy so far, photos a second; a line is never longer than the
/// terminal. In a file, a pipe or a CI log there is the line an epoch and nothing else.
///
///     trainer.fit(photos, {.callbacks = {report::progress_line()}})
///     epoch  3/30  9 s  loss 0.4731  accuracy 0.7753  val_loss 0.6023  val_accuracy 0.6930  4 min to go
Callback progress_line(const ProgressOptions& options = {});

}  // namespace brindle::report

namespace brindle::report::progress {

/// The line within an epoch.
std::string step_line(const FitState& s, std::size_t width, bool unicode);

/// The line at the end of an epoch. seconds: of all epochs so far.
std::string epoch_line(const FitState& s, double seconds, std::size_t width);

}  // namespace brindle::report::progress

#ifndef BRINDLE_COMPILED
#include "brindle/report/progress_line_inl.hpp"
#endif
