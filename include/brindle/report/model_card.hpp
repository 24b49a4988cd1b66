// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "brindle/io/run_manifest.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/temperature.hpp"
#include "brindle/report/run_page.hpp"

namespace brindle::report {

/// What a person should know of a trained classifier before he relies on it.
struct ModelCard {
  std::string name;                             ///< of the model: the title
  std::vector<std::string> class_names = {};    ///< by number
  std::vector<std::int64_t> training = {};      ///< pictures of each class to train with
  ConfusionMatrix validation{2};                ///< of the pictures that it was tried on
  io::RunManifest run = {};                     ///< data, stages, versions
  std::vector<Entry> settings = {};             ///< "seed", "42"
  std::optional<Temperature> temperature = {};  ///< that its weights were divided by, or why by none
  AnswerTable answers = {};                     ///< thresholds; without rows: there are none
  Familiarity familiarity = {};                 ///< without features: it tells no strangers
  std::vector<std::string> limits = {};         ///< what else to say, a sentence each
};

/// How much a card has.
struct ModelCardOptions {
  std::int64_t small_class = 20;   ///< pictures, fewer than which are few for a class
  std::size_t most_classes = 100;  ///< rows of the table of classes: of more, those with the lowest F1
};

/// The card as Markdown: the data, by name and hash, how it was trained, its figures by class with where the true ones
/// lie, how sure it is, what it was not tried on, what it was made with.
///
/// Figures are of the validation pictures. Precision and recall are shares of pictures, with Wilson's interval at 95 %;
/// that of F1 comes from the share of the pictures of the class, or taken for it, that are both. Names of folders stand
/// in it, paths do not. At most 64 KiB, io::ModelInfo::most_card_bytes: longer names are cut. Throws ShapeError unless
/// there is a name, and a number of training pictures, for each class. After M. Mitchell et al., "Model Cards for Model
/// Reporting", 2019.
std::string model_card(const ModelCard& card, const ModelCardOptions& options = {});

}  // namespace brindle::report

namespace brindle::report::internal {

/// Text for a cell of a table in Markdown, of 60 characters at most.
std::string markdown(const std::string& text);

/// "0.85 (0.78 to 0.90)", of 2 both / (2 both + only one): `both` pictures are of a class and taken for it, `one` are
/// only one of them.
std::string f1_text(std::int64_t both, std::int64_t one, int digits);

}  // namespace brindle::report::internal

#ifndef BRINDLE_COMPILED
#include "brindle/report/model_card_inl.hpp"
#endif
