// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/temperature.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/summary.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/history.hpp"

namespace brindle::report {

/// A name and what it is, as text: a setting or a figure.
struct Entry {
  std::string name;   ///< "learning rate"
  std::string value;  ///< "0.001"
};

struct PageTable {
  std::vector<std::string> columns = {};            ///< their names
  std::vector<std::vector<std::string>> rows = {};  ///< each with an entry per column
  std::size_t words = 1;  ///< so many columns at the left are words; the others are numbers, set to the right
};

/// What happened in a run, as one HTML page that needs no other file and no network: for a browser, a phone, a letter.
///
///     report::RunPage page{.title = "Baseline"};
///     page.add_settings({{"batch", "30"}, {"seed", "42"}}).add_summary(model).add_history(history);
///     page.write("baseline.html");
///
/// Sections stand in the order in which they were added; all text is escaped.
struct RunPage {
  std::string title = "Run";        ///< of the page
  std::string subtitle = {};        ///< below it: what was run, and when
  std::vector<Entry> figures = {};  ///< large, at the top; add_history() adds its own

  struct Section {
    std::string heading;   ///< plain text
    std::string html;      ///< everything below the heading
    std::string css = {};  ///< rules for it alone
  };
  std::vector<Section> sections = {};  ///< from the top

  /// A number that stands out, at the top of the page.
  RunPage& add_figure(const std::string& name, const std::string& value);

  /// One paragraph of plain text.
  RunPage& add_text(const std::string& heading, const std::string& text);

  /// A list of names and values.
  RunPage& add_settings(const std::vector<Entry>& settings, const std::string& heading = "Settings");

  /// Throws ShapeError if a row has not as many cells as there are columns.
  RunPage& add_table(const std::string& heading, const PageTable& table) { return add(heading, table_html(table)); }

  /// The layers of a model, their outputs and parameters, what they are connected to where they do not stand in a row,
  /// and on the Cpu the instruction set and threads that compute it.
  template <class T, class Device>
  RunPage& add_summary(const Model<T, Device>& model);
  /// Of rows that were taken before, as when the model is gone.
  RunPage& add_summary(const std::vector<SummaryRow>& layers);

  /// Curves, final and best figures, times, and a table of all epochs. Where the model that was saved is not that of
  /// the last epoch (keep_best), its own figures on the validation data come first: what evaluate() gives after fit().
  /// Of one epoch there are figures only.
  ///
  /// Throws ValueError if the history has no epochs.
  RunPage& add_history(const History& history, const Evaluation& saved);
  /// The same where the model is that of the last epoch.
  RunPage& add_history(const History& history) { return add_curves(history, ""); }

  /// As SVG, in colours for light and for dark pages.
  RunPage& add_drawing(const std::string& heading, const Drawing& drawing);

  /// What a temperature does to a classifier's probabilities: figures and reliability diagrams before and after, those
  /// of the samples that it was found with.
  RunPage& add_calibration(const Temperature& temperature, const std::string& heading = "Calibration");

  /// How often a classifier is right, and how many samples it answers, where it leaves the least sure to a person: a
  /// curve and the table, shares with where the true ones lie at 95 %. Throws ValueError for a table without rows.
  RunPage& add_answers(const AnswerTable& answers, const std::string& heading = "Leaving the least sure to a person");

  /// Drawn as by confusion_matrix(), without its title.
  RunPage& add_confusion_matrix(const ConfusionMatrix& m, const std::vector<std::string>& class_names,
                                const std::string& heading = "Confusion matrix");

  /// Precision, recall, F1 and samples of each class, then the accuracy and the means: classification_report() as a
  /// table. Throws ShapeError unless there is a name for each class.
  RunPage& add_classification_report(const ConfusionMatrix& m, const std::vector<std::string>& class_names,
                                     const std::string& heading = "By class");

  /// A picture; small ones are enlarged, as squares.
  RunPage& add_picture(const std::string& heading, const image::Picture& picture, const std::string& caption = {});

  /// Pictures side by side, as many as the window is wide, each with its caption.
  ///
  /// Throws ValueError without pictures, or if there are captions but not one for each.
  RunPage& add_gallery(const std::string& heading, const std::vector<image::Picture>& pictures,
                       const std::vector<std::string>& captions = {});

  /// Photos with maps of what speaks for a class, as grad_cam_beside() gives them, and what the colours mean.
  RunPage& add_grad_cam(const std::string& heading, const std::vector<image::Picture>& pictures,
                        const std::vector<std::string>& captions = {});

  /// The page as text.
  std::string html() const;

  /// Writes it to a file, whole or not at all. Throws FileError that begins with the path.
  void write(const std::filesystem::path& path) const { replace_file(path, html()); }

 private:
  RunPage& add(const std::string& heading, std::string html);

  // last: what stands before the figures of the last epoch.
  RunPage& add_curves(const History& history, const std::string& last);

  static std::string gallery_html(const std::vector<image::Picture>& pictures,
                                  const std::vector<std::string>& captions);

  static std::string seconds_text(double seconds);

  static std::string table_html(const PageTable& table);

  static const char* style();
};

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/run_page_inl.hpp"
#endif
