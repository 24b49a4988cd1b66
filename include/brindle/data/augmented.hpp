#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
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
  std::vector<double> deviation = {};  ///< what each channel is then divided by; one a channel, or none
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
  /// Throws ValueError for settings without a meaning.
  Augmented(const PictureSource& pictures, const Augment& augment, const AugmentedOptions& options = {})
      : pictures_(&pictures),
        augment_(augment),
        random_{options.seed, stream_id("augment"), 0},
        preprocessing_(standardized(pictures, options)),
        standardize_(pictures.sample_shape()[2], 1.0) {
    image::check_augment(augment);
    for (std::int64_t c = 0; c < pictures.sample_shape()[2]; ++c) {
      const image::internal::ChannelScale scale = image::internal::channel_scale(preprocessing_, c);
      standardize_.factor[static_cast<std::size_t>(c)] = scale.factor;
      standardize_.offset[static_cast<std::size_t>(c)] = scale.offset;
    }
  }
  Augmented(const PictureSource&& gone_too_soon, const Augment&, const AugmentedOptions& = {}) = delete;

  std::int64_t size() const override { return pictures_->size(); }
  Shape sample_shape() const override { return pictures_->sample_shape(); }
  TensorView<const float> labels() const override { return pictures_->labels(); }
  std::vector<std::string> class_names() const override { return pictures_->class_names(); }
  std::string describe(std::int64_t row) const override { return pictures_->describe(row); }
  /// That of the pictures, with mean and deviation of the options.
  std::optional<PictureInput> picture_input() const override {
    std::optional<PictureInput> input = pictures_->picture_input();
    if (input) input->preprocessing = preprocessing_;
    return input;
  }

  /// All settings that do something, and the seed.
  std::string augmentation() const override { return to_string(augment_) + ", seed " + std::to_string(random_.seed); }
  /// That of the pictures as they are.
  std::string fingerprint(const Cpu& on) const override { return pictures_->fingerprint(on); }

  const Augment& augment() const { return augment_; }  ///< how much pictures change

  /// What a picture's levels become, in its own order of channels, and whether the first and the third then change
  /// places.
  const image::Standardize& standardize() const { return standardize_; }
  bool swaps_red_and_blue() const { return preprocessing_.bgr; }  ///< for Preprocessing::caffe

  /// What use number `use` draws: read() gives image::apply(augment(), drawn(use), ...) of the picture.
  AugmentDraw drawn(std::uint64_t use) const {
    const Shape shape = sample_shape();
    return image::draw(augment_, {shape[0], shape[1]}, random_, use);
  }

  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override {
    read_as<float>(on, draws, x);
  }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override {
    read_as<double>(on, draws, x);
  }

 private:
  // The pictures' preprocessing with mean and deviation of the options.
  static Preprocessing standardized(const PictureSource& pictures, const AugmentedOptions& options) {
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
  void read_as(const Cpu& on, std::span<const Draw> draws, const TensorView<T>& x) const {
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
inline Augmented augmented(const Cpu&, const PictureSource& pictures, const Augment& augment,
                           const AugmentedOptions& options = {}) {
  return Augmented(pictures, augment, options);
}
Augmented augmented(const Cpu&, const PictureSource&& gone_too_soon, const Augment&,
                    const AugmentedOptions& = {}) = delete;

}  // namespace brindle::data
