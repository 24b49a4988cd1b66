// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what data_check.hpp declares.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/path_of.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/examined_folder.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/image/resize.hpp"
#include "brindle/report/data_check.hpp"
#include "brindle/report/markup.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/run_page.hpp"
#include "brindle/train/out_of_fold.hpp"
#include "brindle/train/similar_samples.hpp"

namespace brindle::report {
namespace internal {

/// A kind of finding, and what the page says of it.
struct FindingKind {
  const char *name, *several, *heading, *advice;
};
inline constexpr std::array<FindingKind, 11> finding_kinds{{
    {"unreadable", "unreadable", "Cannot be read", "Training leaves these out. Fetch them again, or delete them."},
    {"copy", "copies", "The same file twice",
     "A photo in both sets makes the validation accuracy look better than it is: delete it from one. Within a set it "
     "only counts twice."},
    {"near copy", "near copies", "Nearly the same photo",
     "Smaller, cropped, brighter or compressed copies, and photos taken one after the other. The larger the cosine of "
     "what the base network sees in both, the more alike. What is in both sets measures memory, not skill."},
    {"label", "doubtful labels", "Perhaps the wrong class",
     "A classifier that had not seen the photo finds another class more probable. Look at the first ones: many are "
     "rightly labelled and only difficult, and those should stay."},
    {"blurred", "out of focus", "Out of focus",
     "No part has fine detail. They teach little; keep them if such photos will come later."},
    {"dark", "dark", "Dark", "Nearly black."},
    {"bright", "bright", "Bright", "Nearly white."},
    {"flat", "without contrast", "Without contrast", "Nearly one level."},
    {"grey", "without colour", "Without colour",
     "Grey among photos with colours. Where one class has more of them, that is what is learned."},
    {"tiny", "tiny", "Tiny", "Are enlarged to what the network takes."},
    {"turned", "turned by EXIF", "Turned by the camera's note",
     "EXIF says that the photo lies on its side. train and classify turn it upright; data::image_folder does so with "
     "Orientation::exif. Photos that lie on their side without such a note are not found."},
}};

/// A picture of one of the sets.
struct CheckedPicture {
  const CheckedSet* set;
  const data::ExaminedPicture* picture;
};

/// "training/cat.12.jpg".
BRINDLE_INLINE std::string name_of(const CheckedPicture& p) {
  return p.set->name + "/" + brindle::detail::path_of(p.picture->file).filename().string();
}

BRINDLE_INLINE Finding finding_of(const CheckedPicture& p, const std::string& kind, const std::string& reason,
                                  double score) {
  return {kind,
          p.set->name,
          p.picture->file,
          p.set->folder.class_names[static_cast<std::size_t>(p.picture->number)],
          reason,
          score,
          {},
          false};
}

BRINDLE_INLINE void add_by_quality(const CheckedPicture& at, const DataCheckOptions& o, bool colours,
                                   std::vector<Finding>& to) {
  const data::ExaminedPicture& p = *at.picture;
  const image::PictureQuality& q = p.quality;
  const auto add = [&](const char* kind, const std::string& reason, double score) {
    to.push_back(finding_of(at, kind, reason, score));
  };
  const bool tiny = std::min(p.height, p.width) < o.tiny;
  if (tiny)
    add("tiny", std::to_string(p.height) + " x " + std::to_string(p.width) + " pixels",
        -static_cast<double>(std::min(p.height, p.width)));
  if (q.brightness < o.dark) add("dark", "mean level " + fixed(q.brightness, 2) + " of 1", -q.brightness);
  if (q.brightness > o.bright) add("bright", "mean level " + fixed(q.brightness, 2) + " of 1", q.brightness);
  if (q.contrast < o.flat) add("flat", "deviation " + fixed(q.contrast, 3) + " of 0.5", -q.contrast);
  if (!tiny && q.contrast > 0 && q.sharpness < o.blurred)
    add("blurred", "sharpness " + fixed(q.sharpness, 2), -q.sharpness);
  if (colours && q.colour < o.grey) add("grey", "colour " + fixed(q.colour, 3), -q.colour);
  if (p.orientation != 1) add("turned", "EXIF orientation " + std::to_string(p.orientation), 0);
}

/// Files that are equal byte by byte; each names the first of them. equal: its place among the pictures is noted.
BRINDLE_INLINE void add_copies(const std::vector<CheckedPicture>& all, std::vector<Finding>& to,
                               std::map<std::string, std::string>& first_of) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<const CheckedPicture*>> by_hash;
  for (const CheckedPicture& p : all)
    if (p.picture->bytes > 0) by_hash[{p.picture->hash, p.picture->bytes}].push_back(&p);
  for (const auto& [key, same] : by_hash)
    for (std::size_t i = 1; i < same.size(); ++i) {
      try {
        if (read_file(same[0]->picture->file) != read_file(same[i]->picture->file)) continue;
      } catch (const FileError&) {
        continue;  // gone since it was looked at
      }
      Finding copy = finding_of(*same[i], "copy", "the same bytes as " + name_of(*same[0]), 1);
      copy.other = same[0]->picture->file;
      copy.across_sets = same[0]->set != same[i]->set;
      copy.score = copy.across_sets ? 2 : 1;
      first_of[same[i]->picture->file] = same[0]->picture->file;
      to.push_back(std::move(copy));
    }
}

/// Findings by features x of the pictures that can be read, and how often labels were found. The sets stand in a row
/// from the first.
BRINDLE_INLINE void add_by_features(const CheckedSet* first_set, const std::vector<CheckedPicture>& readable,
                                    const Tensor<float>& x, const DataCheckOptions& o, const Cpu& on,
                                    const std::map<std::string, std::string>& first_of, DataCheck& check) {
  std::vector<Finding>& to = check.findings;
  const auto at = [&](std::int64_t row) -> const CheckedPicture& { return readable[static_cast<std::size_t>(row)]; };
  for (const SimilarPair& pair : similar_samples(on, x, o.near_copy)) {
    const CheckedPicture &a = at(pair.first), &b = at(pair.second);
    if (first_of.count(a.picture->file) + first_of.count(b.picture->file) > 0) continue;  // is a copy already
    Finding f = finding_of(b, "near copy", "cosine " + fixed(pair.cosine, 3) + " with " + name_of(a), pair.cosine);
    if (a.picture->number != b.picture->number)
      f.reason += ", said to be " + a.set->folder.class_names[static_cast<std::size_t>(a.picture->number)];
    f.other = a.picture->file;
    f.across_sets = a.set != b.set;
    to.push_back(std::move(f));
  }
  Tensor<float> labels({x.shape()[0], 1});
  for (std::int64_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<float>(at(i).picture->number);
  if (labels.size() < o.folds) return;
  const Tensor<double> probabilities = out_of_fold_probabilities(on, x, labels, {.folds = o.folds, .seed = o.seed});
  for (const LabelSuspect& s : label_suspects(probabilities, labels)) {
    CheckedAnswers& answers = check.answers[static_cast<std::size_t>(at(s.row).set - first_set)];
    ++answers.judged;
    answers.right += s.margin > 0 ? 0 : 1;
    if (!(s.margin > 0)) continue;
    const auto& names = at(s.row).set->folder.class_names;
    const auto probability = [&](std::int64_t c) {
      return fixed(probabilities[s.row * probabilities.shape()[1] + c], 2);
    };
    to.push_back(finding_of(at(s.row), "label",
                            "rather " + names[static_cast<std::size_t>(s.predicted)] + " (" + probability(s.predicted) +
                                ") than " + names[static_cast<std::size_t>(s.label)] + " (" + probability(s.label) +
                                ")",
                            s.margin));
  }
}

BRINDLE_INLINE std::vector<std::string> findings_of_classes(std::span<const CheckedSet> sets,
                                                            const DataCheckOptions& o) {
  std::vector<std::string> all;
  for (const CheckedSet& set : sets) {
    const std::vector<std::int64_t> counts = set.folder.class_counts();
    const auto& names = set.folder.class_names;
    std::string few;
    for (std::size_t c = 0; c < counts.size(); ++c)
      if (counts[c] < o.small_class)
        few += (few.empty() ? "" : ", ") + names[c] + " (" + std::to_string(counts[c]) + ")";
    if (!few.empty())
      all.push_back(set.name + ": few pictures of " + few + "; what is measured of them is uncertain. Add some");
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    if (counts.size() > 1 &&
        static_cast<double>(*most) >= o.unequal * static_cast<double>(std::max<std::int64_t>(1, *least)))
      all.push_back(set.name + ": " + names[static_cast<std::size_t>(most - counts.begin())] + " has " +
                    std::to_string(*most) + " pictures, " + names[static_cast<std::size_t>(least - counts.begin())] +
                    " " + std::to_string(*least) +
                    ". Let rarer classes weigh more, as train does by itself, and look " +
                    "at the figures of each class rather than at the accuracy");
  }
  return all;
}

BRINDLE_INLINE std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

BRINDLE_INLINE image::Picture thumbnail(const std::string& file, std::int64_t side) {
  image::Picture none(side, side, 3);
  std::fill(none.pixels.begin(), none.pixels.end(), std::uint8_t{128});
  try {
    return image::internal::at_most(image::read_upright(file, {.orientation = Orientation::exif}), side);
  } catch (const FileError&) {
    return none;
  }
}

/// Two pictures, the one beside the other.
BRINDLE_INLINE image::Picture beside(const image::Picture& a, const image::Picture& b) {
  constexpr std::int64_t gap = 6;
  image::Picture both(std::max(a.height, b.height), a.width + gap + b.width, 3);
  std::fill(both.pixels.begin(), both.pixels.end(), std::uint8_t{128});
  const auto put = [&](const image::Picture& p, std::int64_t left) {
    const std::int64_t top = (both.height - p.height) / 2;
    for (std::int64_t y = 0; y < p.height; ++y) std::copy_n(p.at(y, 0), p.width * 3, both.at(top + y, left));
  };
  put(a, 0);
  put(b, a.width + gap);
  return both;
}

}  // namespace internal

BRINDLE_INLINE std::int64_t DataCheck::count(const std::string& kind) const {
  return std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.kind == kind; });
}

BRINDLE_INLINE std::int64_t DataCheck::across_sets() const {
  return std::count_if(findings.begin(), findings.end(), [](const Finding& f) { return f.across_sets; });
}

BRINDLE_INLINE std::string DataCheck::text() const {
  std::string all;
  for (const internal::FindingKind& kind : internal::finding_kinds)
    if (const std::int64_t n = count(kind.name); n > 0)
      all += (all.empty() ? "" : ", ") + std::to_string(n) + " " + kind.several;
  return all;
}

BRINDLE_INLINE DataCheck check_data(std::span<const CheckedSet> sets, const DataCheckOptions& o, const Cpu& on) {
  if (sets.empty()) detail::raise<ValueError>("check_data: there are no pictures to look at; give a set of them");
  std::vector<internal::CheckedPicture> all, readable;
  DataCheck check;
  check.features = true;
  std::int64_t width = 0;
  double colour = 0;
  for (const CheckedSet& set : sets) {
    check.answers.push_back({set.name});
    if (set.folder.class_names != sets[0].folder.class_names)
      detail::raise<ValueError>("check_data: the classes of " + set.name + " are not those of " + sets[0].name +
                                "; read it with .classes of the other");
    std::int64_t count = 0;
    for (const data::ExaminedPicture& p : set.folder.pictures) {
      all.push_back({&set, &p});
      if (!p.readable()) continue;
      readable.push_back(all.back());
      colour += p.quality.colour;
      ++count;
    }
    check.features = check.features && set.features.size() > 0;
    if (set.features.size() == 0) continue;
    if (set.features.shape()[0] != count || (width != 0 && set.features.shape().sample().size() != width))
      detail::raise<ShapeError>("check_data: " + set.name + " has " + std::to_string(count) +
                                " pictures that can be read and features " + to_string(set.features.shape()) +
                                "; extract them from the same files, with one network");
    width = set.features.shape().sample().size();
  }
  check.pictures = static_cast<std::int64_t>(all.size());
  check.classes = internal::findings_of_classes(sets, o);
  std::map<std::string, std::string> first_of;
  internal::add_copies(all, check.findings, first_of);
  const bool colours = !readable.empty() && colour / static_cast<double>(readable.size()) > 4 * o.grey;
  for (const internal::CheckedPicture& p : all) {
    if (p.picture->readable())
      internal::add_by_quality(p, o, colours, check.findings);
    else
      check.findings.push_back(internal::finding_of(p, "unreadable", p.picture->unreadable, 0));
  }
  if (check.features && !readable.empty()) {
    Tensor<float> x({static_cast<std::int64_t>(readable.size()), width});
    float* to = x.data();
    for (const CheckedSet& set : sets) to = std::copy_n(set.features.data(), set.features.size(), to);
    internal::add_by_features(sets.data(), readable, x, o, on, first_of, check);
  }
  const auto place = [](const Finding& f) {
    const auto is = [&](const internal::FindingKind& kind) { return f.kind == kind.name; };
    return std::find_if(internal::finding_kinds.begin(), internal::finding_kinds.end(), is);
  };
  detail::stable_sort(check.findings, [&](const Finding& a, const Finding& b) {
    const auto of_a = place(a), of_b = place(b);
    return of_a != of_b ? of_a < of_b : a.score > b.score;
  });
  return check;
}

BRINDLE_INLINE RunPage data_check_page(const DataCheck& check, const DataCheckPageOptions& o) {
  RunPage page{.title = o.title, .subtitle = "Nothing was changed. All findings stand in the table beside this page."};
  page.add_figure("pictures", std::to_string(check.pictures));
  if (const std::int64_t n = check.across_sets(); n > 0) page.add_figure("in two sets at once", std::to_string(n));
  for (const internal::FindingKind& kind : internal::finding_kinds)
    if (const std::int64_t n = check.count(kind.name); n > 0) page.add_figure(kind.several, std::to_string(n));
  std::string classes;
  for (const std::string& text : check.classes) classes += (classes.empty() ? "" : "\n") + text + ".";
  if (!classes.empty()) page.add_text("Classes", classes);
  if (!check.features)
    page.add_text("Not looked for", "Near copies and wrong labels need what a base network sees in the pictures.");
  for (const internal::FindingKind& kind : internal::finding_kinds) {
    const std::int64_t n = check.count(kind.name);
    if (n == 0) continue;
    const bool gallery = kind.name != std::string("unreadable");
    PageTable table{.columns = {"file", "class", "why"}, .words = 3};
    std::vector<image::Picture> pictures;
    std::vector<std::string> captions;
    std::size_t shown = 0;
    for (const Finding& f : check.findings) {
      if (f.kind != kind.name || shown == o.most) continue;
      ++shown;
      const std::string name = f.set + "/" + brindle::detail::path_of(f.file).filename().string();
      table.rows.push_back({name, f.class_name, f.reason});
      if (!gallery) continue;
      const image::Picture photo = internal::thumbnail(f.file, o.side);
      pictures.push_back(f.other.empty() ? photo : internal::beside(photo, internal::thumbnail(f.other, o.side)));
      captions.push_back(name + ", " + f.class_name + ": " + f.reason);
    }
    const std::string heading = std::string(kind.heading) + " (" + std::to_string(n) + ")";
    gallery ? page.add_gallery(heading, pictures, captions) : page.add_table(heading, table);
    const std::string first =
        n > static_cast<std::int64_t>(shown) ? " The first " + std::to_string(shown) + " are shown." : "";
    std::string& html = page.sections.back().html;
    html = "<p>" + internal::escaped(kind.advice + first) + "</p>\n" + html;
  }
  if (check.findings.empty()) page.add_text("Nothing found", "No picture stands out.");
  return page;
}

BRINDLE_INLINE std::string data_check_csv(const DataCheck& check) {
  std::string text = "kind,set,file,class,score,other,across_sets,reason\n";
  for (const Finding& f : check.findings)
    text += f.kind + "," + internal::csv_cell(f.set) + "," + internal::csv_cell(f.file) + "," +
            internal::csv_cell(f.class_name) + "," + shortest(f.score) + "," + internal::csv_cell(f.other) + "," +
            (f.across_sets ? "yes" : "no") + "," + internal::csv_cell(f.reason) + "\n";
  return text;
}

BRINDLE_INLINE void data_check_csv(const DataCheck& check, const std::filesystem::path& path) {
  replace_file(path, data_check_csv(check));
}

}  // namespace brindle::report
