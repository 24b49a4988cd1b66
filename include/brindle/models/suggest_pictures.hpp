// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/data/pictures.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/train/suggest_samples.hpp"

namespace brindle::models {

/// A photo that is worth a label.
struct SuggestedPicture {
  std::string file;        ///< path
  std::string name;        ///< of the most probable class
  double probability = 0;  ///< of that class
  double doubt = 0;        ///< 0..1, see Doubt
  double distance = 0;     ///< to the nearest labelled or suggested photo, see Suggestion
};

/// Photos of a folder that are worth labels, the most doubtful first.
struct PictureSuggestions {
  std::vector<SuggestedPicture> pictures;  ///< by falling doubt
  std::int64_t looked_at = 0;              ///< photos of the folder that can be read
  std::vector<data::SkippedFile> skipped;  ///< what is no picture, and what cannot be read
};

/// Which photos of a folder to label next: suggest_samples() on what a classifier says of them and on the features that
/// its last layer with a kernel reads. What is labelled already is known by the features of training pictures that the
/// model was saved with (familiarity_of()), if it was.
///
///     const models::PictureClassifier classifier("pets.safetensors");
///     for (const auto& photo : models::suggest_pictures(classifier, "unlabelled", {.count = 40}).pictures)
///       std::printf("%s\n", photo.file.c_str());
///
/// Photos in folders inside it count, too. One that cannot be read is no error, it is named among the skipped. Throws
/// FileError for a folder that cannot be read, DataError for one without photos, ValueError for options out of range,
/// and for a model of several labels a photo or whose features are not there (calibrate() says when).
template <class Device>
PictureSuggestions suggest_pictures(const PictureClassifier<Device>& classifier, const std::filesystem::path& folder,
                                    const SuggestOptions& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/suggest_pictures_inl.hpp"
#endif
