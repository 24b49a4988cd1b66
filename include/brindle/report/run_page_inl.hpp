// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what run_page.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/calibration.hpp"
#include "brindle/nn/temperature.hpp"
#include "brindle/report/chart.hpp"
#include "brindle/report/classification_report.hpp"
#include "brindle/report/colour_scale.hpp"
#include "brindle/report/confusion_matrix.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/gallery.hpp"
#include "brindle/report/kernels.hpp"
#include "brindle/report/markup.hpp"
#include "brindle/report/model_summary.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/progress_line.hpp"
#include "brindle/report/reliability_diagram.hpp"
#include "brindle/report/run_page.hpp"
#include "brindle/report/summary.hpp"
#include "brindle/report/training_curves.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/history.hpp"

namespace brindle::report {

BRINDLE_INLINE RunPage& RunPage::add_figure(const std::string& name, const std::string& value) {
  figures.push_back({name, value});
  return *this;
}

BRINDLE_INLINE RunPage& RunPage::add_text(const std::string& heading, const std::string& text) {
  return add(heading, "<p>" + internal::escaped(text) + "</p>\n");
}

BRINDLE_INLINE RunPage& RunPage::add_settings(const std::vector<Entry>& settings, const std::string& heading) {
  std::string html = "<dl>\n";
  for (const Entry& s : settings)
    html += "<div><dt>" + internal::escaped(s.name) + "</dt><dd>" + internal::escaped(s.value) + "</dd></div>\n";
  return settings.empty() ? *this : add(heading, html + "</dl>\n");
}

template <class T, class Device>
RunPage& RunPage::add_summary(const Model<T, Device>& model) {
  add_summary(summary_rows(model));
  if constexpr (std::is_same_v<Device, Cpu>)
    sections.back().html +=
        "<p class=\"note\">Computed by " + internal::escaped(internal::processor_text(model.device())) + ".</p>\n";
  return *this;
}

BRINDLE_INLINE RunPage& RunPage::add_summary(const std::vector<SummaryRow>& layers) {
  PageTable table{.columns = {"layer", "type", "output", "parameters"}, .words = 3};
  const bool connected = !internal::table::in_a_row(layers);
  if (connected) table.columns = {"layer", "type", "output", "connected to", "parameters"}, table.words = 4;
  std::int64_t parameters = 0, frozen = 0;
  for (const SummaryRow& row : layers) {
    parameters += row.parameters, frozen += row.frozen;
    table.rows.push_back({row.name, row.type, to_string(row.output)});
    if (connected) {
      std::string names;
      for (const std::string& name : row.inputs) names += (names.empty() ? "" : ", ") + name;
      table.rows.back().push_back(names);
    }
    table.rows.back().push_back(thousands(row.parameters));
  }
  return add("Model", table_html(table) + "<p class=\"note\">" + thousands(parameters) + " parameters, " +
                          (frozen == 0 ? "all" : thousands(parameters - frozen) + " of them") + " trainable.</p>\n");
}

BRINDLE_INLINE RunPage& RunPage::add_history(const History& history, const Evaluation& saved) {
  if (!std::isnan(saved.accuracy)) {
    const std::string interval = internal::interval_text(saved.accuracy, saved.samples);
    add_figure("validation accuracy of the saved model" + (interval.empty() ? "" : ", " + interval + " at 95 %"),
               fixed(saved.accuracy, internal::share_digits(saved.samples)));
  }
  add_figure("validation loss of the saved model", fixed(saved.loss, 4));
  if (history.epochs() != 1) return add_curves(history, "last epoch's ");
  // One epoch, as of a linear head, is no curve: what is left to say of it are figures.
  if (!history.accuracy.empty()) add_figure("training accuracy", fixed(history.accuracy.back(), 4));
  add_figure("training loss", fixed(history.loss.back(), 4));
  if (history.seconds.size() == 1) add_figure("training", progress::duration_text(history.seconds.back()));
  return *this;
}

BRINDLE_INLINE RunPage& RunPage::add_drawing(const std::string& heading, const Drawing& drawing) {
  return add(heading, "<div class=\"drawings\" tabindex=\"0\">\n" + internal::drawing_element(drawing) + "</div>\n");
}

BRINDLE_INLINE RunPage& RunPage::add_calibration(const Temperature& t, const std::string& heading) {
  const auto row = [](const std::string& name, const Calibration& c) {
    return std::vector<std::string>{name, fixed(c.negative_log_likelihood, 4), fixed(c.expected_calibration_error, 4),
                                    fixed(c.brier_score, 4)};
  };
  PageTable table{.columns = {"probabilities", "negative log-likelihood", "calibration error", "Brier score"},
                  .rows = {row("as trained", t.before)}};
  const bool found = t.reason == TemperatureReason::smallest;
  std::string html = "<div class=\"charts\">\n" +
                     internal::drawing_element(reliability_diagram_drawing(t.before, {.title = "As trained"}));
  if (found) {
    table.rows.push_back(row("at temperature " + fixed(t.value, 3), t.after));
    html += internal::drawing_element(
        reliability_diagram_drawing(t.after, {.title = "At temperature " + fixed(t.value, 3)}));
  }
  return add(heading,
             html + "</div>\n" + table_html(table) + "<p class=\"note\">Of " + thousands(t.before.samples) +
                 " validation samples. " +
                 (found ? "The temperature is that of the smallest negative log-likelihood on them."
                        : "The probabilities were left as they are: " + internal::escaped(to_string(t.reason)) + ".") +
                 "</p>\n");
}

BRINDLE_INLINE RunPage& RunPage::add_answers(const AnswerTable& answers, const std::string& heading) {
  detail::check_answer_table("RunPage::add_answers", answers);
  if (answers.rows.empty())
    detail::raise<ValueError>("RunPage::add_answers: the table has no rows; make one with answer_table()");
  const auto share = [&](std::int64_t count) {
    return static_cast<double>(count) / static_cast<double>(answers.samples);
  };
  Panel panel{.title = "Right among those answered", .x_label = "share answered", .y_label = "accuracy", .most_y = 1};
  Series curve{.label = "accuracy"};
  PageTable table{.columns = {"probability at least", "answered", "of all", "right among them", "left to a person"},
                  .words = 0};
  for (const AnswerThreshold& row : answers.rows) {
    curve.x.insert(curve.x.begin(), share(row.answered));
    curve.y.insert(curve.y.begin(), row.accuracy());
    table.rows.push_back({fixed(row.probability, 4), thousands(row.answered), fixed(share(row.answered), 3),
                          share_text(row.accuracy(), row.answered), thousands(answers.samples - row.answered)});
  }
  panel.series.push_back(curve);
  return add(heading, "<div class=\"charts\">\n" + internal::drawing_element(panel_drawing(panel)) + "</div>\n" +
                          table_html(table) + "<p class=\"note\">Of " + thousands(answers.samples) +
                          " validation samples. In parentheses: where the true share lies, at 95 %. Thresholds with "
                          "which no more are right than with a lower one are not shown.</p>\n");
}

BRINDLE_INLINE RunPage& RunPage::add_confusion_matrix(const ConfusionMatrix& m,
                                                      const std::vector<std::string>& class_names,
                                                      const std::string& heading) {
  return add_drawing(heading, confusion_matrix_drawing(m, class_names, {.title = ""}));
}

BRINDLE_INLINE RunPage& RunPage::add_classification_report(const ConfusionMatrix& m,
                                                           const std::vector<std::string>& class_names,
                                                           const std::string& heading) {
  internal::check_class_names(m, class_names);
  const ClassificationMetrics metrics(m);
  PageTable table{.columns = {"class", "precision", "recall", "F1", "samples"}};
  const int digits = internal::share_digits(m.total());
  const auto row = [&](const std::string& name, const ClassScore& s) {
    table.rows.push_back(
        {name, fixed(s.precision, digits), fixed(s.recall, digits), fixed(s.f1, digits), std::to_string(s.support)});
  };
  for (std::size_t c = 0; c < class_names.size(); ++c) row(class_names[c], metrics.classes[c]);
  table.rows.push_back({"accuracy", "", "", fixed(metrics.accuracy, digits), std::to_string(m.total())});
  row("mean of the classes", metrics.macro);
  row("mean of the samples", metrics.weighted);
  return add(heading, table_html(table) + "<p class=\"note\">Accuracy " + share_text(metrics.accuracy, m.total()) +
                          ": where the true one lies, at 95 %, after " + thousands(m.total()) + " samples.</p>\n");
}

BRINDLE_INLINE RunPage& RunPage::add_picture(const std::string& heading, const image::Picture& picture,
                                             const std::string& caption) {
  return add_gallery(heading, {picture}, caption.empty() ? std::vector<std::string>{} : std::vector{caption});
}

BRINDLE_INLINE RunPage& RunPage::add_gallery(const std::string& heading, const std::vector<image::Picture>& pictures,
                                             const std::vector<std::string>& captions) {
  return add(heading, gallery_html(pictures, captions));
}

BRINDLE_INLINE RunPage& RunPage::add_grad_cam(const std::string& heading, const std::vector<image::Picture>& pictures,
                                              const std::vector<std::string>& captions) {
  return add(heading,
             "<div class=\"drawings\">\n" +
                 internal::drawing_element(colour_scale_drawing("speaks little for the class", "speaks most for it")) +
                 "</div>\n" + gallery_html(pictures, captions));
}

BRINDLE_INLINE std::string RunPage::html() const {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
      internal::escaped(title) + "</title>\n<style>\n" + style() + internal::svg::style();
  for (const Section& s : sections) out += s.css;
  out += "</style>\n</head>\n<body>\n<main>\n<header>\n<h1>" + internal::escaped(title) + "</h1>\n";
  if (!subtitle.empty()) out += "<p class=\"note\">" + internal::escaped(subtitle) + "</p>\n";
  out += "</header>\n";
  if (!figures.empty()) {
    out += "<ul class=\"figures\">\n";
    for (const Entry& f : figures)
      out += "<li><strong>" + internal::escaped(f.value) + "</strong> <span>" + internal::escaped(f.name) +
             "</span></li>\n";
    out += "</ul>\n";
  }
  for (const Section& s : sections)
    out += "<section>\n<h2>" + internal::escaped(s.heading) + "</h2>\n" + s.html + "</section>\n";
  return out + "</main>\n</body>\n</html>\n";
}

BRINDLE_INLINE RunPage& RunPage::add(const std::string& heading, std::string html) {
  sections.push_back({heading, std::move(html), {}});
  return *this;
}

BRINDLE_INLINE RunPage& RunPage::add_curves(const History& history, const std::string& last) {
  const Chart chart = training_curves_chart(history, title);
  std::string curves = "<div class=\"charts\">\n";
  for (const Panel& panel : chart.panels) curves += internal::drawing_element(panel_drawing(panel));
  add("Curves", curves + "</div>\n");

  const std::size_t n = history.epochs();
  if (n > 0 && history.val_accuracy.size() == n) {
    const auto best = internal::best_epoch(history.val_accuracy, true);
    if (!std::isnan(history.val_accuracy.back()))
      add_figure(last + "validation accuracy", fixed(history.val_accuracy.back(), 4));
    if (best != history.val_accuracy.end())
      add_figure("best, epoch " + std::to_string(best - history.val_accuracy.begin() + 1), fixed(*best, 4));
  }
  if (history.val_loss.size() == n && !std::isnan(history.val_loss.back()))
    add_figure(last + "validation loss", fixed(history.val_loss.back(), 4));
  if (!history.accuracy.empty()) add_figure(last + "training accuracy", fixed(history.accuracy.back(), 4));
  add_figure(last + "training loss", fixed(history.loss.back(), 4));

  if (history.seconds.size() == n) {
    double all = 0;
    for (const double s : history.seconds) all += s;
    std::vector<double> sorted = history.seconds;
    std::sort(sorted.begin(), sorted.end());
    add_settings({{"training", progress::duration_text(all)},
                  {"epochs", std::to_string(n)},
                  {"an epoch, median", seconds_text(sorted[n / 2])},
                  {"shortest", seconds_text(sorted.front())},
                  {"longest", seconds_text(sorted.back())}},
                 "Times");
  }

  PageTable table{.columns = {"epoch"}};
  struct Column {
    std::string name;
    const std::vector<double>* values;
    int digits;
  };
  const Column columns[] = {{"loss", &history.loss, 4},
                            {"accuracy", &history.accuracy, 4},
                            {"val. loss", &history.val_loss, 4},
                            {"val. accuracy", &history.val_accuracy, 4},
                            {"seconds", &history.seconds, 1}};
  table.rows.resize(n);
  for (std::size_t e = 0; e < n; ++e) table.rows[e].push_back(std::to_string(e + 1));
  std::vector<Column> all(std::begin(columns), std::end(columns));
  for (const auto& [name, values] : history.val_metrics) all.push_back({"val. " + name, &values, 4});
  for (const Column& c : all) {
    if (c.values->size() != n) continue;
    table.columns.push_back(c.name);
    for (std::size_t e = 0; e < n; ++e) table.rows[e].push_back(fixed((*c.values)[e], c.digits));
  }
  return add("Epochs", "<details" + std::string(n <= 12 ? " open" : "") + "><summary>figures of " + std::to_string(n) +
                           (n == 1 ? " epoch" : " epochs") + "</summary>\n" + table_html(table) + "</details>\n");
}

BRINDLE_INLINE std::string RunPage::gallery_html(const std::vector<image::Picture>& pictures,
                                                 const std::vector<std::string>& captions) {
  internal::check_gallery("RunPage::add_gallery", pictures.size(), captions.size());
  const bool wide = std::any_of(pictures.begin(), pictures.end(), [](const auto& p) { return p.width > 320; });
  std::string html = std::string("<div class=\"gallery") + (wide ? " wide" : "") + "\">\n";
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const image::Picture& p = pictures[i];
    const std::string caption = captions.empty() ? "" : captions[i];
    const bool small = std::max(p.height, p.width) < 48;
    html += "<figure><img width=\"" + std::to_string(p.width) + "\" height=\"" + std::to_string(p.height) +
            "\" alt=\"" + (caption.empty() ? "picture " + std::to_string(i + 1) : internal::escaped(caption)) + "\"" +
            (small ? " class=\"squares\"" : "") + " src=\"" + internal::picture_address(p) + "\">" +
            (caption.empty() ? "" : "<figcaption>" + internal::escaped(caption) + "</figcaption>") + "</figure>\n";
  }
  return html + "</div>\n";
}

BRINDLE_INLINE std::string RunPage::seconds_text(double seconds) {
  return seconds < 10 ? fixed(seconds, 2) + " s" : progress::duration_text(seconds);
}

BRINDLE_INLINE std::string RunPage::table_html(const PageTable& table) {
  std::string html = "<div class=\"table\" tabindex=\"0\"><table>\n<thead><tr>";
  const auto cell = [&](const char* tag, std::size_t column, const std::string& text) {
    return std::string("<")
        .append(tag)
        .append(column < table.words ? ">" : " class=\"number\">")
        .append(internal::escaped(text))
        .append("</")
        .append(tag)
        .append(">");
  };
  for (std::size_t c = 0; c < table.columns.size(); ++c) html += cell("th", c, table.columns[c]);
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    if (row.size() != table.columns.size())
      detail::raise<ShapeError>("RunPage: a row of " + std::to_string(row.size()) + " cells in a table of " +
                                std::to_string(table.columns.size()) + " columns");
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) html += cell("td", c, row[c]);
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

BRINDLE_INLINE const char* RunPage::style() {
  return R"(:root { --ground: #ffffff; --card: #f5f7f9; --text: #26292e; --strong: #111111; --faint: #5a6069; --line: #e3e6ea; --first: #0072b2; }
@media (prefers-color-scheme: dark) {
:root { --ground: #15181c; --card: #1d2126; --text: #cfd4da; --strong: #f2f4f6; --faint: #a5abb3; --line: #2b3036; --first: #56b4e9; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; color: var(--strong); overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .8rem; color: var(--strong); }
p { margin: .4rem 0; max-width: 44rem; overflow-wrap: anywhere; white-space: pre-line; }
.note, figcaption, dt, .figures span, th { color: var(--faint); }
.figures { list-style: none; margin: 1.4rem 0 0; padding: 0; display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fit, minmax(8.6rem, 1fr)); }
.figures li { background: var(--card); border-radius: .6rem; padding: .8rem 1rem; }
.figures strong { display: block; font-size: 1.55rem; line-height: 1.25; font-weight: 600; color: var(--strong);
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.figures span { font-size: .85rem; }
dl { margin: 0; display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
dl div { display: flex; justify-content: space-between; gap: 1rem; border-bottom: 1px solid var(--line); padding: .35rem 0; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 500; }
.number { text-align: right; padding: .35rem 0 .35rem .8rem; }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.charts svg { width: 100%; max-width: 34rem; height: auto; }
.drawings { overflow-x: auto; }
.drawings svg { max-width: 100%; height: auto; }
p + .gallery, p + .table { margin-top: .9rem; }
.gallery { display: grid; gap: 1rem; align-items: start; grid-template-columns: repeat(auto-fill, minmax(min(100%, 9rem), 1fr)); }
.gallery.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
figure { margin: 0; }
img { display: block; max-width: 100%; height: auto; border-radius: .3rem; }
.gallery img { width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--card); }
.gallery.wide img { aspect-ratio: 2; }
.squares { image-rendering: pixelated; }
figcaption { font-size: .85rem; margin-top: .3rem; overflow-wrap: anywhere; }
a { color: var(--first); }
.cards { display: grid; gap: 1.2rem; margin-top: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
.card { display: none; background: var(--card); border-radius: .6rem; padding: .7rem; }
.card.first, .cell:target { display: block; }
.cell { display: none; }
.cell, .other { scroll-margin-top: 1rem; }
.place { scroll-margin-top: 4rem; }
.cell:target ~ .other, .cell:target ~ .cards .first { display: none; }
.cell a + a, .other a { margin-left: .8rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .4rem; }
.pair img { width: 100%; aspect-ratio: 1; object-fit: contain; }
.card strong { color: var(--strong); }
.card p { font-size: .85rem; margin: .5rem 0 .2rem; }
.near, .links { list-style: none; margin: 0; padding: 0; }
.near { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.6rem, 1fr)); gap: .4rem; }
.near img { width: 100%; aspect-ratio: 1; object-fit: contain; }
.near span { display: block; font-size: .78rem; line-height: 1.3; color: var(--faint); overflow-wrap: anywhere; }
.links { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; font-size: .92rem; margin-top: .5rem; }
.links li { padding: .25rem 0; }
details summary { cursor: pointer; color: var(--first); margin-bottom: .5rem; }
@media (max-width: 30rem) {
main { padding-top: 1.2rem; }
table { font-size: .8rem; line-height: 1.3; }
th, td { padding-right: .4rem; }
.number { padding-right: 0; padding-left: .4rem; }
th { white-space: normal; vertical-align: bottom; }
td:not(.number) { white-space: normal; overflow-wrap: break-word; }
.drawings svg { max-width: none; }
.figures { grid-template-columns: 1fr 1fr; }
.gallery { grid-template-columns: 1fr 1fr; }
.gallery.wide { grid-template-columns: 1fr; }
}
@media print { details:not([open]) > * { display: block; } section { break-inside: avoid; } }
)";
}

}  // namespace brindle::report
