// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/one_hot.hpp"
#include "brindle/data/source.hpp"
#include "brindle/data/source_view.hpp"
#include "brindle/image/random_box.hpp"

namespace brindle::data {

/// How much samples are mixed, and how often.
struct MixedOptions {
  double mixup = 0;   ///< the alpha of Beta(alpha, alpha), from which each share is drawn, 0 (off) to 100
  double cutmix = 0;  ///< the same of cutmix; where both are on, each use draws one of them, as likely as the other
  double probability = 1;    ///< of a sample to be mixed, 0 to 1
  std::uint64_t seed = 0;    ///< of the draws
  std::int64_t classes = 0;  ///< how many; 0: as many as the source has names
};

/// How one use of a sample is mixed with the next one of its batch.
struct MixDraw {
  double share = 1;   ///< of the sample itself, in the sample and in its label; what is left is the next one's
  PixelBox box = {};  ///< cutmix: the part that the next one fills; of no height: all levels are blended

  friend bool operator==(const MixDraw&, const MixDraw&) = default;  ///< the same mixture
};

/// Samples that are mixed with each other, and labels as well: mixup (Zhang et al., 2018) and cutmix (Yun et al.,
/// 2019).
///
///     const data::Augmented augmented(photos, {.flip_horizontal = true});
///     const data::Mixed mixed(augmented, {.mixup = 0.2, .cutmix = 1});
///     Trainer trainer{model, Adam{}, CategoricalCrossentropy{}};
///     trainer.fit(mixed, {.validation = data::OneHot(holdout)});
///
/// Sample i of a batch is mixed with sample i + 1, the last one with the first; each has a share of its own, where
/// torchvision draws one for the batch (transforms/v2, MixUp and CutMix). What a use draws depends on the seed and the
/// number of the use. labels() are the rows of the samples as they are; training gets those of read_labels().
class Mixed final : public SourceView {
 public:
  /// The source must outlive this. Throws ValueError for settings without a meaning, and for cutmix of samples that are
  /// no pictures; what OneHot throws.
  Mixed(const Source& source, const MixedOptions& options);
  Mixed(const Source&& gone_too_soon, const MixedOptions&) = delete;

  TensorView<const float> labels() const override { return rows_.labels(); }
  /// That of the source, and the options.
  std::string augmentation() const override;
  bool mixes() const override { return (options_.mixup > 0 || options_.cutmix > 0) && options_.probability > 0; }

  /// What use number `use` draws.
  MixDraw drawn(std::uint64_t use) const;

  void read_labels(std::span<const Draw> draws, TensorView<float> t) const override;
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override;
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override;

 private:
  template <class T>
  void read_as(const Cpu& on, std::span<const Draw> draws, TensorView<T> x) const;

  OneHot rows_;
  MixedOptions options_;
  Random random_;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/mixed_inl.hpp"
#endif
