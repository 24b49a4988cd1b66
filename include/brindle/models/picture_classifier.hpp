// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/classification.hpp"
#include "brindle/nn/answer_table.hpp"

namespace brindle::models {

/// How a picture is looked at.
struct PictureClassifierOptions {
  /// Test-time augmentation: probabilities are the means of those of the picture and of its mirror image, at twice the
  /// time. A temperature and a table of thresholds that the model was saved with are of pictures as they are.
  bool mirrored = false;
};

/// A saved model that says what is on pictures of any size.
///
///     const models::PictureClassifier classifier("pets.safetensors");             // or ("pets.safetensors", Cuda{})
///     const models::Classification c = classifier.classify_file("photo.jpg");
///
/// Each picture becomes the model's input as the training pictures did: the saved model says how. The model is
/// folded(), so what it gives agrees with the saved one's up to rounding. classify() may run in several threads at a
/// time.
template <class Device = Cpu>
class PictureClassifier {
 public:
  /// Throws FileError that begins with the path, and what the other constructor throws.
  explicit PictureClassifier(const std::filesystem::path& path, const Device& on = Device{},
                             const PictureClassifierOptions& options = {});

  /// Of a model that has been loaded; its weights are fixed, see Model::fix_weights(). Throws ShapeError if it does not
  /// take pictures (H, W, 1 or 3), gives more than one row of numbers for a picture, or has other features than its
  /// Familiarity; ValueError if it does not say how a picture becomes its input, or its outputs are no probabilities.
  explicit PictureClassifier(io::SavedModel<float, Device> saved, const PictureClassifierOptions& options = {})
      : PictureClassifier(std::move(saved), options, "") {}

  const Model<float, Device>& model() const { return saved_.model; }        ///< the network, folded()
  const io::ModelInfo& info() const { return saved_.info; }                 ///< what the file says of it
  const PictureInput& picture_input() const { return *saved_.info.input; }  ///< how a picture becomes its input

  /// The least probability at which answers are right in at least this share (0..1], by the table that the model was
  /// saved with; probabilities below it are better left to a person. Throws ValueError where the model has no table, or
  /// was never right so often, and for a share out of range.
  AnswerThreshold answer_threshold(double accuracy) const;

  /// The picture as the model takes it: (1, H, W, C). Throws ShapeError for an empty picture, or one of another number
  /// of channels than 1, 3 and 4.
  Tensor<float> input(const image::Picture& picture) const;

  /// picture (H, W, C), 0..255, of any size, grey, RGB or RGBA. One output of the model is the probability of class 1.
  /// Throws ShapeError as input(), NumericsError for outputs that are no probabilities.
  Classification classify(const image::Picture& picture) const { return classify(std::span(&picture, 1)).front(); }

  /// Several pictures at once, which is faster; in their order. Memory is taken for all of them as inputs. Throws as
  /// classify() of one.
  std::vector<Classification> classify(std::span<const image::Picture> pictures) const;

  /// JPEG, PNG, BMP, GIF or WebP. Throws FileError that begins with the path, and NumericsError as classify().
  Classification classify_file(const std::filesystem::path& path) const;

 private:
  PictureClassifier(io::SavedModel<float, Device> saved, const PictureClassifierOptions& options,
                    const std::string& where);

  void write_input(const image::Picture& picture, float* x) const;

  // features: one row a picture, written where the model has a familiarity.
  Tensor<float> predict(const Tensor<float>& x, Tensor<float>& features) const;

  Tensor<float> probabilities(Tensor<float> y) const;

  Classification classification(std::span<const float> y) const;

  io::SavedModel<float, Device> saved_;
  PictureClassifierOptions options_;
  std::size_t feature_value_ = 0;  // what the layer with the last kernel reads, where there is a familiarity
  std::string where_;              // the beginning of messages: the file
};

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/picture_classifier_inl.hpp"
#endif
