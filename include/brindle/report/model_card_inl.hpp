// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what model_card.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/path_of.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/io/run_manifest.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/temperature.hpp"
#include "brindle/report/classification_report.hpp"
#include "brindle/report/markup.hpp"
#include "brindle/report/model_card.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report::internal {

BRINDLE_INLINE std::string markdown(const std::string& text) {
  const std::string valid = escaped(text);  // UTF-8, without control characters
  std::string out;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < valid.size();) {
    std::size_t end = i + 1;
    if (valid[i] == '&') end = valid.find(';', i) + 1;
    while (end < valid.size() && (static_cast<unsigned char>(valid[end]) & 0xC0u) == 0x80u) ++end;
    std::string one = valid.substr(i, end - i);
    i = end;
    if (++characters > 60) return out + "...";
    if (one == "&quot;") one = "\"";
    if (one == "&#39;") one = "'";
    if (one == "\n" || one == "\t") one = " ";
    if (one.size() == 1 && std::string("\\`*_[]#|~").find(one[0]) != std::string::npos) out += '\\';
    out += one;
  }
  return out;
}

BRINDLE_INLINE std::string f1_text(std::int64_t both, std::int64_t one, int digits) {
  const std::int64_t all = both + one;
  if (all == 0) return "-";
  const auto f1 = [](double share) { return 2 * share / (1 + share); };  // rises with it
  const double share = static_cast<double>(both) / static_cast<double>(all);
  const Interval at = wilson_interval(share, all);
  return fixed(f1(share), digits) + " (" + fixed(f1(at.low), digits) + " to " + fixed(f1(at.high), digits) + ")";
}

/// A table's row.
BRINDLE_INLINE std::string card_row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + cell + " |";
  return text + "\n";
}

BRINDLE_INLINE std::string card_head(const std::vector<std::string>& cells) {
  return card_row(cells) + card_row(std::vector<std::string>(cells.size(), "---"));
}

/// Names, in Markdown already, in words, 20 at most.
BRINDLE_INLINE std::string card_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 20); ++i) text += (i ? ", " : "") + names[i];
  return names.size() > 20 ? text + " and " + std::to_string(names.size() - 20) + " more" : text;
}

BRINDLE_INLINE std::string card_data(const io::RunManifest& run) {
  if (run.folders.empty()) return {};
  std::string text = "## Data\n\n" + card_head({"for", "folder", "pictures", "SHA-256"});
  for (const io::RecordedFolder& folder : run.folders)
    text +=
        card_row({markdown(folder.name), markdown(brindle::detail::path_of(folder.contents.folder).filename().string()),
                  std::to_string(folder.contents.files.size()), folder.contents.sha256()});
  return text + "\nThe hash is of the lines that `sha256sum` writes of the pictures, in the order of their paths.\n\n";
}

/// Settings, files that it began with, stages.
BRINDLE_INLINE std::string card_training(const ModelCard& card) {
  std::string text = "## Training\n\n" + card_head({"setting", "value"});
  for (const Entry& e : card.settings) text += card_row({markdown(e.name), markdown(e.value)});
  for (const io::RecordedFile& file : card.run.files)
    text += card_row({markdown(file.name), markdown(brindle::detail::path_of(file.contents.path).filename().string()) +
                                               ", SHA-256 " + file.contents.sha256});
  for (const io::RecordedStage& stage : card.run.stages) {
    std::string told;
    for (const io::RecordedFigure& f : stage.figures) {
      if (told.empty()) told = std::to_string(f.values.size()) + (f.values.size() == 1 ? " epoch" : " epochs");
      if (f.name != "val_loss" || f.values.empty()) continue;
      const auto best = std::min_element(f.values.begin(), f.values.end());
      told +=
          ", smallest validation loss " + fixed(*best, 4) + " in epoch " + std::to_string(best - f.values.begin() + 1);
    }
    text += card_row({"stage: " + markdown(stage.name), told});
  }
  return text + "\n";
}

BRINDLE_INLINE std::string card_figures(const ModelCard& card, const ModelCardOptions& o) {
  const ConfusionMatrix& m = card.validation;
  const ClassificationMetrics metrics(m);
  const int digits = share_digits(m.total());
  std::string text = "## Figures\n\nAccuracy " + share_text(metrics.accuracy, m.total()) + " on " +
                     thousands(m.total()) + " validation pictures. In parentheses is where the true figure lies, at " +
                     "95 %; few pictures tell little.\n\n" +
                     card_head({"class", "training", "validation", "precision", "recall", "F1"});
  std::vector<std::size_t> shown(card.class_names.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (shown.size() > o.most_classes) {
    detail::stable_sort(shown,
                        [&](std::size_t a, std::size_t b) { return metrics.classes[a].f1 < metrics.classes[b].f1; });
    shown.resize(o.most_classes);
  }
  for (const std::size_t i : shown) {
    const auto c = static_cast<std::int64_t>(i);
    const ClassScore& s = metrics.classes[i];
    const auto share = [&](double value, std::int64_t of) { return of > 0 ? share_text(value, of) : "-"; };
    text += card_row({markdown(card.class_names[i]), std::to_string(card.training[i]), std::to_string(s.support),
                      share(s.precision, m.predicted(c)), share(s.recall, s.support),
                      f1_text(m.count(c, c), m.predicted(c) + s.support - 2 * m.count(c, c), digits)});
  }
  if (shown.size() < card.class_names.size())
    text += "\nThe " + std::to_string(shown.size()) + " classes with the lowest F1, of " +
            std::to_string(card.class_names.size()) + ".\n";
  return text + "\n";
}

BRINDLE_INLINE std::string card_certainty(const ModelCard& card) {
  if (!card.temperature && card.answers.rows.empty() && !card.familiarity) return {};
  std::string text = "## How sure it is\n\n";
  if (card.temperature) {
    const Temperature& t = *card.temperature;
    const bool found = t.reason == TemperatureReason::smallest;
    const auto row = [](const std::string& name, const Calibration& c) {
      return card_row(
          {name, fixed(c.negative_log_likelihood, 4), fixed(c.expected_calibration_error, 4), fixed(c.brier_score, 4)});
    };
    text += card_head({"probabilities", "negative log-likelihood", "calibration error", "Brier score"}) +
            row("as trained", t.before);
    if (found)
      text += row("as they are, at temperature " + fixed(t.value, 3), t.after) + "\n";
    else
      text += "\nThe probabilities are as trained: " + to_string(t.reason) + ".\n\n";
  }
  std::string rows;
  const std::vector<double> shares{0.9, 0.95, 0.99, 0.995, 0.999};
  const auto row_of = [&](std::size_t i) {
    return card.answers.rows.empty() || i == shares.size() ? std::nullopt : card.answers.at_least(shares[i]);
  };
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (const auto at = row_of(i); at && at != row_of(i + 1))  // of those that one threshold gives, the largest
      rows += card_row({fixed(shares[i], 3), fixed(at->probability, 4),
                        thousands(at->answered) + " of " + thousands(card.answers.samples),
                        share_text(at->accuracy(), at->answered)});
  if (!rows.empty())
    text += "To be right so often, leave to a person what has a lower probability:\n\n" +
            card_head({"right in", "probability at least", "answered", "right among them"}) + rows + "\n";
  if (card.familiarity)
    text += "Pictures farther than " + fixed(card.familiarity.threshold, 3) + " from " +
            thousands(card.familiarity.count()) + " kept training pictures are called unlike them; so are " +
            fixed(100 * card.familiarity.refused, 1) + " % of the validation pictures.\n\n";
  return text;
}

BRINDLE_INLINE std::string card_limits(const ModelCard& card, const ModelCardOptions& o) {
  std::string text = "## Limits\n\n- It answers with one of its " + std::to_string(card.class_names.size()) +
                     " classes whatever the photo shows" +
                     (card.familiarity ? ", and only sometimes tells that it is a stranger.\n" : ".\n");
  text += card.run.folders.size() > 1
              ? "- It was tried on the pictures of one other folder alone: not on other cameras, places or times.\n"
              : "- It was tried on a share of the same pictures alone: not on other cameras, places or times, and "
                "photos of one series may be in both parts.\n";
  text += "- The same pictures chose the epoch";
  if (card.temperature) text += ", the temperature";
  if (!card.answers.rows.empty()) text += ", the thresholds";
  text += ": figures of new ones will be a little lower.\n";
  std::vector<std::string> few;
  for (std::size_t c = 0; c < card.class_names.size(); ++c)
    if (const std::int64_t n = card.validation.support(static_cast<std::int64_t>(c));
        std::min(n, card.training[c]) < o.small_class)
      few.push_back(markdown(card.class_names[c]) + " (" + std::to_string(card.training[c]) + " and " +
                    std::to_string(n) + ")");
  if (!few.empty())
    text += "- Few pictures, to train with and to validate with, so that little is known of them: " + card_names(few) +
            ".\n";
  for (const std::string& limit : card.limits) text += "- " + limit + "\n";
  return text + "\n";
}

}  // namespace brindle::report::internal

namespace brindle::report {

BRINDLE_INLINE std::string model_card(const ModelCard& card, const ModelCardOptions& options) {
  internal::check_class_names(card.validation, card.class_names);
  if (card.training.size() != card.class_names.size())
    detail::raise<ShapeError>("model_card: " + std::to_string(card.training.size()) +
                              " numbers of training pictures for " + std::to_string(card.class_names.size()) +
                              " classes; give Pictures::class_counts()");
  std::vector<std::string> names;
  for (const std::string& name : card.class_names) names.push_back(internal::markdown(name));
  std::string text =
      "# " + internal::markdown(card.name) + "\n\nTells which of " + std::to_string(card.class_names.size()) +
      " classes a photo shows: " + internal::card_names(names) + ".\n\n" + internal::card_data(card.run) +
      internal::card_training(card) + internal::card_figures(card, options) + internal::card_certainty(card) +
      internal::card_limits(card, options);
  if (!card.run.version.empty())
    text += "## Made with\n\nbrindle " + internal::markdown(card.run.version) + ", " +
            internal::markdown(card.run.compiler) + ", instruction set " +
            internal::markdown(card.run.instruction_set) + ".\n";
  if (text.size() <= io::ModelInfo::most_card_bytes) return text;
  const std::string end = "\n\nThe rest is left out: a card has 64 KiB at most.\n";
  std::size_t cut = io::ModelInfo::most_card_bytes - end.size();
  while (cut > 0 && text[cut - 1] != '\n') --cut;
  return text.substr(0, cut) + end;
}

}  // namespace brindle::report
