// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what suggestions.hpp declares.
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/path_of.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/models/suggest_pictures.hpp"
#include "brindle/report/data_check.hpp"
#include "brindle/report/markup.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/run_page.hpp"
#include "brindle/report/suggestions.hpp"

namespace brindle::report {

BRINDLE_INLINE RunPage suggestions_page(const models::PictureSuggestions& found, const SuggestionsPageOptions& o) {
  RunPage page{.title = o.title,
               .subtitle = "Nothing was changed. All suggestions stand in the table beside this page."};
  page.add_figure("photos looked at", thousands(found.looked_at));
  page.add_figure("suggested", std::to_string(found.pictures.size()));
  std::vector<image::Picture> pictures;
  std::vector<std::string> captions;
  for (const models::SuggestedPicture& s : found.pictures) {
    if (pictures.size() == o.most) break;
    pictures.push_back(internal::thumbnail(s.file, o.side));
    captions.push_back(std::to_string(pictures.size()) + ". " + brindle::detail::path_of(s.file).filename().string() +
                       ": " + s.name + "? " + fixed(s.probability, 2));
  }
  if (pictures.empty()) {
    page.add_text("No suggestions", "All photos are near copies of those that are labelled already.");
  } else {
    page.add_gallery("The most doubtful first", pictures, captions);
    std::string& html = page.sections.back().html;
    const std::string first =
        found.pictures.size() > o.most ? " The first " + std::to_string(o.most) + " are shown." : "";
    html = "<p>" +
           internal::escaped(
               "The model takes each for the class below it, with this probability: it may be wrong. "
               "They are the photos it doubts most, spread over all kinds that it doubts, without near "
               "copies of each other and of what it was trained on." +
               first) +
           "</p>\n" + html;
  }
  std::vector<data::SkippedFile> lost;
  for (const data::SkippedFile& file : found.skipped)
    if (!file.harmless) lost.push_back(file);
  if (!lost.empty()) {
    PageTable table{.columns = {"file", "why"}, .words = 2};
    for (const data::SkippedFile& file : lost) table.rows.push_back({file.path, file.reason});
    page.add_table("Left out", table);
  }
  return page;
}

BRINDLE_INLINE std::string suggestions_csv(const models::PictureSuggestions& found) {
  std::string text = "file,class,probability,doubt,distance\n";
  for (const models::SuggestedPicture& s : found.pictures)
    text += internal::csv_cell(s.file) + "," + internal::csv_cell(s.name) + "," + shortest(s.probability) + "," +
            shortest(s.doubt) + "," + shortest(s.distance) + "\n";
  return text;
}

BRINDLE_INLINE void suggestions_csv(const models::PictureSuggestions& found, const std::filesystem::path& path) {
  replace_file(path, suggestions_csv(found));
}

}  // namespace brindle::report
