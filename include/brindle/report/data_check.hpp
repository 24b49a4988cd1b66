// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/examined_folder.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/run_page.hpp"

namespace brindle::report {

/// Pictures that belong together, as those to train with, and what is known of them.
struct CheckedSet {
  std::string name;             ///< "training"
  data::ExaminedFolder folder;  ///< of examine_image_folder()
  Tensor<float> features = {};  ///< (pictures that can be read, F), by a base network, in their order; or empty
};

/// What a person should look at before a network is trained on the pictures.
struct Finding {
  /// "unreadable", "copy" (the same file), "near copy", "label", "blurred", "dark", "bright", "flat", "grey", "tiny" or
  /// "turned".
  std::string kind;
  std::string set;         ///< its name
  std::string file;        ///< path
  std::string class_name;  ///< that it is said to be
  std::string reason;      ///< in words, with the number that it is about
  double score = 0;        ///< the larger, the more does it stand out among those of its kind
  std::string other = {};  ///< of copies: the other file
  bool across_sets =
      false;  ///< of copies: the other file is in another set, so what it measures is not new to the model
};

/// Limits beyond which something is a finding.
struct DataCheckOptions {
  double near_copy = 0.84;        ///< least cosine of the features of nearly equal pictures
  double blurred = 0.4;           ///< largest sharpness, see image::PictureQuality
  double dark = 0.12;             ///< largest brightness
  double bright = 0.9;            ///< least brightness
  double flat = 0.06;             ///< largest contrast
  double grey = 0.008;            ///< largest colour, where the others have colours
  std::int64_t tiny = 64;         ///< rows or columns, fewer than which are tiny
  std::int64_t folds = 5;         ///< of the classifiers that judge labels
  std::uint64_t seed = 0;         ///< of the folds
  std::int64_t small_class = 20;  ///< pictures, fewer than which are few for a class
  double unequal = 3;             ///< largest class over the smallest, from which the classes are called unequal
};

/// How often classifiers that had not seen a picture of a set found the class that it is said to have.
struct CheckedAnswers {
  std::string set;          ///< its name
  std::int64_t judged = 0;  ///< pictures; 0: labels were not looked at
  std::int64_t right = 0;   ///< of these, those whose class was found
};

/// What was found, of a kind after the other as Finding lists them, in each kind what stands out most first.
struct DataCheck {
  std::vector<Finding> findings;             ///< of pictures
  std::vector<std::string> classes;          ///< of whole classes, a sentence each: too few pictures, unequal numbers
  std::int64_t pictures = 0;                 ///< looked at
  bool features = false;                     ///< whether near copies and labels were looked for
  std::vector<CheckedAnswers> answers = {};  ///< one a set, in their order: what accuracy_forecast() takes

  std::int64_t count(const std::string& kind) const;  ///< findings of a kind
  std::int64_t across_sets() const;                   ///< copies and near copies that are in two sets
  /// "5 copies, 34 near copies, 208 doubtful labels"; empty: no picture stands out.
  std::string text() const;
};

/// Looks for what spoils training and what makes an accuracy look better than it is. Nothing is changed or deleted.
///
/// Copies, and nearly equal pictures, are looked for among all sets together, and so are wrong labels: classifiers of
/// the features of four fifths judge the others (out_of_fold_probabilities()). Of a base's features both need some
/// thousand pictures at most some seconds. Throws ValueError for sets of other classes than the first's, or without
/// sets, ShapeError for features that are not those of the pictures that can be read.
DataCheck check_data(std::span<const CheckedSet> sets, const DataCheckOptions& options = {}, const Cpu& on = Cpu());

/// How a check is shown.
struct DataCheckPageOptions {
  std::string title = "Check of the pictures";  ///< of the page
  std::size_t most = 60;                        ///< pictures of a kind that are shown; the table of the CSV has all
  std::int64_t side = 200;                      ///< rows and columns of a thumbnail at most
};

/// One page with thumbnails, reasons and scores, and what one may do about each kind. Pictures are read again; one that
/// is gone meanwhile has no thumbnail.
RunPage data_check_page(const DataCheck& check, const DataCheckPageOptions& options = {});

/// All findings as a table: kind, set, file, class, score, other file, across sets, reason. Quoted as RFC 4180 says.
std::string data_check_csv(const DataCheck& check);
/// The same as a file, whole or not at all. Throws FileError that begins with the path.
void data_check_csv(const DataCheck& check, const std::filesystem::path& path);

namespace internal {

/// A cell of a CSV table.
std::string csv_cell(const std::string& text);

/// The upright picture, at most `side` rows and columns; a grey square where it is gone.
image::Picture thumbnail(const std::string& file, std::int64_t side);

}  // namespace internal
}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/data_check_inl.hpp"
#endif
