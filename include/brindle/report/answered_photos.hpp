// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/output_options.hpp"
#include "brindle/report/run_page.hpp"

namespace brindle::report {

/// A training photo that a model sees nearly the same in as in another photo.
struct SimilarPhoto {
  std::int64_t row = 0;  ///< of the training photos
  double cosine = 0;     ///< of the angle between the features of both, at most 1
};

/// A photo, what a model takes it for and why.
struct AnsweredPhoto {
  std::int64_t row = 0;                    ///< of the photos
  std::int64_t label = 0;                  ///< its class
  std::int64_t predicted = 0;              ///< the class that it was taken for
  double probability = 0;                  ///< of that class
  Tensor<float> map = {};                  ///< (h, w), what speaks for that class, see grad_cam(); empty: there is none
  std::vector<SimilarPhoto> similar = {};  ///< the most similar first
};

/// The photos behind a confusion matrix.
struct AnsweredPhotos {
  ConfusionMatrix matrix{2};               ///< of all photos
  std::vector<AnsweredPhoto> photos = {};  ///< the surest mistakes first, then right ones, the least sure first
  std::string no_maps = {};                ///< why there are none
  std::string no_similar = {};             ///< why no training photos were looked for
  std::int64_t compared = 0;               ///< training photos that were compared with
};

/// Which photos are looked at, and for what.
struct AnsweredPhotosOptions {
  OutputOptions outputs = {};       ///< what the outputs are
  std::size_t most_mistakes = 200;  ///< mistakes, the surest of all
  /// Photos of each class that were taken for it, the least sure; of many classes fewer, so that they are 200 at most.
  std::size_t most_right = 8;
  std::size_t similar = 3;              ///< training photos beside each photo; 0: they are not looked for
  std::int64_t most_training = 20'000;  ///< training photos to compare with, as many of each class as can be
  std::int64_t batch = 32;              ///< photos at a time; changes results by rounding at most
};

/// Looks at the photos that a model was wrong about, and at those that it was least sure of: what speaks for the answer
/// (grad_cam()), and which training photos are most like it by the features that the last layer with a kernel reads.
///
///     outputs (N, 1) for two classes, or (N, K), of the N photos
///
/// training: as they are, not changed at random; null: none are compared with. A model that has no map, or no features,
/// is no error: no_maps and no_similar say why. Throws as confusion_matrix(), and ShapeError for photos that the model
/// does not take.
template <class T, class Device>
AnsweredPhotos answered_photos(const Model<T, Device>& model, In<float, Cpu> outputs, const data::PictureSource& photos,
                               const data::PictureSource* training, const AnsweredPhotosOptions& options = {});

/// How they are shown.
struct AnsweredPhotosPageOptions {
  std::string photos = "validation";                ///< what the page calls the photos
  std::int64_t side = 160;                          ///< rows and columns of a photo at most
  std::int64_t similar_side = 72;                   ///< of a training photo
  int quality = 80;                                 ///< of the JPEGs, see image::encode_jpeg()
  std::size_t first = 24;                           ///< mistakes that are shown before a square is chosen
  std::size_t most_bytes = 8 * 1024 * 1024;         ///< of all photos in the page; the least sure mistakes are left out
  std::string matrix_heading = "Confusion matrix";  ///< above it
  std::string photos_heading = "Surest mistakes first";  ///< above the photos
};

/// Adds the confusion matrix, whose squares lead to the photos behind them, and the photos: each with its class, what
/// it was taken for, the probability, what speaks for that, and its nearest training photos. Needs no script; what was
/// left out is said.
///
///     const auto answered = report::answered_photos(model, outputs, validation, &training);
///     report::add_answered_photos(page, answered, validation, &training);
///
/// Photos are read again from their files; one that is gone is shown as the network sees it. Throws ShapeError unless
/// there is a name for each class, ValueError for a row that there is not.
RunPage& add_answered_photos(RunPage& page, const AnsweredPhotos& answered, const data::PictureSource& photos,
                             const data::PictureSource* training, const AnsweredPhotosPageOptions& options = {});

}  // namespace brindle::report

namespace brindle::report::internal {

/// Mistakes, the surest first, then of each class the right ones, the least sure first, none with map or similar ones.
std::vector<AnsweredPhoto> chosen_photos(In<float, Cpu> outputs, In<float, Cpu> labels, const AnsweredPhotosOptions& o);

/// For each row of x the rows of `among` with the largest cosines, `count` at most; of equals the first ones.
///
///     x (N, F), among (M, F)  ->  N lists
std::vector<std::vector<SimilarPhoto>> nearest_rows(const Cpu& on, In<float, Cpu> x, In<float, Cpu> among,
                                                    std::size_t count);

/// A photo of a source as people see it, at most `side` rows and columns: from its file, or, where that is gone, as the
/// network sees it.
image::Picture shown_photo(const data::PictureSource& photos, std::int64_t row, std::int64_t side);

}  // namespace brindle::report::internal

#ifndef BRINDLE_COMPILED
#include "brindle/report/answered_photos_inl.hpp"
#endif
