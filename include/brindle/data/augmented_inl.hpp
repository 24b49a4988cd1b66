// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what augmented.hpp declares.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/augmented.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/augment.hpp"
#include "brindle/image/preprocessing.hpp"

namespace brindle::data {

BRINDLE_INLINE Augmented::Augmented(const PictureSource& pictures, const Augment& augment,
                                    const AugmentedOptions& options)
    : pictures_(&pictures),
      augment_(augment),
      random_{options.seed, stream_id("augment"), 0},
      preprocessing_(standardized(pictures, options)),
      standardize_(pictures.sample_shape()[2], 1.0) {
  image::check_augment(augment);
  const std::int64_t channels = pictures.sample_shape()[2];
  const ColorJitter& j = augment.color_jitter;
  const bool steps = j.brightness > 0 || j.contrast > 0 || j.saturation > 0 || j.hue > 0;
  if ((steps || augment.rand_augment.num_ops > 0) && channels != 1 && channels != 3)
    detail::raise<ValueError>(
        "data::Augmented: color_jitter and rand_augment are of pictures of 1 or 3 channels, these are " +
        to_string_batch(pictures.sample_shape()));
  for (std::int64_t c = 0; c < pictures.sample_shape()[2]; ++c) {
    const image::internal::ChannelScale scale = image::internal::channel_scale(preprocessing_, c);
    standardize_.factor[static_cast<std::size_t>(c)] = scale.factor;
    standardize_.offset[static_cast<std::size_t>(c)] = scale.offset;
  }
}

BRINDLE_INLINE std::optional<PictureInput> Augmented::picture_input() const {
  std::optional<PictureInput> input = pictures_->picture_input();
  if (input) input->preprocessing = preprocessing_;
  return input;
}

BRINDLE_INLINE std::string Augmented::augmentation() const {
  return to_string(augment_) + ", seed " + std::to_string(random_.seed);
}

BRINDLE_INLINE AugmentDraw Augmented::drawn(std::uint64_t use) const {
  const Shape shape = sample_shape();
  return image::draw(augment_, {shape[0], shape[1]}, random_, use);
}

BRINDLE_INLINE void Augmented::read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const {
  read_as<float>(on, draws, x);
}

BRINDLE_INLINE void Augmented::read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const {
  read_as<double>(on, draws, x);
}

BRINDLE_INLINE Preprocessing Augmented::standardized(const PictureSource& pictures, const AugmentedOptions& options) {
  const std::int64_t channels = pictures.sample_shape()[2];
  Preprocessing p = pictures.preprocessing();
  if (options.mean.empty() && options.deviation.empty()) return p;
  if (Preprocessing plain{.scale = p.scale}; !(p == plain))
    detail::raise<ValueError>("data::Augmented: preprocessing " + to_string(p) +
                              " takes means off by itself; leave mean and deviation out");
  if (channels > Preprocessing::most_channels)
    detail::raise<ValueError>("data::Augmented: mean and deviation are of at most 4 channels, the pictures are " +
                              to_string_batch(pictures.sample_shape()));
  static_cast<void>(image::Standardize(channels, p.scale, options.mean, options.deviation));  // checks the numbers
  p.channels = channels;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    if (!options.mean.empty()) p.mean[c] = options.mean[c];
    if (!options.deviation.empty()) p.deviation[c] = options.deviation[c] + 1e-6;
  }
  return p;
}

template <class T>
void Augmented::read_as(const Cpu& on, std::span<const Draw> draws, const TensorView<T>& x) const {
  pictures_->check_read("data::Augmented", draws, x.shape);
  const Shape shape = sample_shape();
  on.parallel(static_cast<std::int64_t>(draws.size()), [&](std::int64_t i, int) {
    const Draw& use = draws[static_cast<std::size_t>(i)];
    pictures_->with_pixels(use.row, [&](const std::uint8_t* pixels) {
      T* out = x.data + i * shape.size();
      image::apply<T>(augment_, drawn(use.use), {pixels, shape}, {out, shape}, standardize_);
      if (preprocessing_.bgr)
        for (std::int64_t k = 0; k < shape.size(); k += 3) std::swap(out[k], out[k + 2]);
    });
  });
}

BRINDLE_INLINE Augmented augmented(const Cpu&, const PictureSource& pictures, const Augment& augment,
                                   const AugmentedOptions& options) {
  return Augmented(pictures, augment, options);
}

}  // namespace brindle::data
