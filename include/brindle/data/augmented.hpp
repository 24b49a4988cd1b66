// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/augment.hpp"
#include "brindle/image/preprocessing.hpp"

namespace brindle::data {

struct AugmentedOptions {
  std::uint64_t seed = 0;              ///< of the draws
  std::vector<double> mean = {};       ///< taken away from each channel after its scaling; one a channel, or none
  std::vector<double> deviation = {};  ///< what each channel is then divided by, plus 1e-6; one a channel, or none
};

/// Pictures that are changed at random at each use.
///
///     const data::Augmented augmented(photos, {.rotation = 50, .zoom = 0.3, .flip_horizontal = true}, {.seed = 42});
///     trainer.fit(augmented, {.batch = 30, .epochs = 100, .steps_per_epoch = 100});
///
/// What a use draws depends on the seed and the number of the use, so it is the same on any thread and in a resumed
/// run. The pictures stay bytes, are not copied, and must outlive this.
class Augmented : public Source {
 public:
  /// Throws ValueError for settings without a meaning, for color_jitter or rand_augment of pictures of neither 1 nor 3
  /// channels, and for a mean or deviation where the pictures' preprocessing has its own.
  Augmented(const PictureSource& pictures, const Augment& augment, const AugmentedOptions& options = {});
  Augmented(const PictureSource&& gone_too_soon, const Augment&, const AugmentedOptions& = {}) = delete;

  std::int64_t size() const override { return pictures_->size(); }
  Shape sample_shape() const override { return pictures_->sample_shape(); }
  TensorView<const float> labels() const override { return pictures_->labels(); }
  std::vector<std::string> class_names() const override { return pictures_->class_names(); }
  std::string describe(std::int64_t row) const override { return pictures_->describe(row); }
  /// That of the pictures, with mean and deviation of the options.
  std::optional<PictureInput> picture_input() const override;

  /// All settings that do something, and the seed.
  std::string augmentation() const override;
  /// That of the pictures as they are.
  std::string fingerprint(const Cpu& on) const override { return pictures_->fingerprint(on); }

  const Augment& augment() const { return augment_; }  ///< how much pictures change

  /// What a picture's levels become, in its own order of channels, and whether the first and the third then change
  /// places.
  const image::Standardize& standardize() const { return standardize_; }
  bool swaps_red_and_blue() const { return preprocessing_.bgr; }  ///< for Preprocessing::caffe

  /// What use number `use` draws: read() gives image::apply(augment(), drawn(use), ...) of the picture.
  AugmentDraw drawn(std::uint64_t use) const;

  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override;
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override;

 private:
  // The pictures' preprocessing with mean and deviation of the options.
  static Preprocessing standardized(const PictureSource& pictures, const AugmentedOptions& options);

  template <class T>
  void read_as(const Cpu& on, std::span<const Draw> draws, const TensorView<T>& x) const;

  const PictureSource* pictures_;
  Augment augment_;
  Random random_;
  Preprocessing preprocessing_;  // with the options' mean and deviation
  image::Standardize standardize_;
};

/// Augmented pictures where `on` trains: made by the processor, or by the GPU out of its own memory (CudaAugmented,
/// with brindle/cuda.hpp). For programs that run on either. Throws as Augmented does.
///
///     const auto augmented = data::augmented(on, photos, {.rotation = 50, .flip_horizontal = true}, {.seed = 42});
Augmented augmented(const Cpu&, const PictureSource& pictures, const Augment& augment,
                    const AugmentedOptions& options = {});
Augmented augmented(const Cpu&, const PictureSource&& gone_too_soon, const Augment&,
                    const AugmentedOptions& = {}) = delete;

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/augmented_inl.hpp"
#endif
