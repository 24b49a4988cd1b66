#pragma once

#include <cstdint>
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
        swap_red_blue_(pictures.preprocessing() == Preprocessing::caffe),
        standardize_(standardized(pictures, options)) {
    check(augment);
  }
  Augmented(const PictureSource&& gone_too_soon, const Augment&, const AugmentedOptions& = {}) = delete;

  std::int64_t size() const override { return pictures_->size(); }
  Shape sample_shape() const override { return pictures_->sample_shape(); }
  TensorView<const float> labels() const override { return pictures_->labels(); }
  std::vector<std::string> class_names() const override { return pictures_->class_names(); }
  std::string describe(std::int64_t row) const override { return pictures_->describe(row); }

  const Augment& augment() const { return augment_; }  ///< how much pictures change

  /// What a picture's levels become, in its own order of channels, and whether the first and the third then change
  /// places.
  const image::Standardize& standardize() const { return standardize_; }
  bool swaps_red_and_blue() const { return swap_red_blue_; }  ///< for Preprocessing::caffe

  /// What use number `use` draws: read() gives image::apply(augment(), drawn(use), ...) of the picture.
  AugmentDraw drawn(std::uint64_t use) const {
    const Shape shape = sample_shape();
    return draw(augment_, {shape[0], shape[1]}, random_, use);
  }

  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override {
    read_as<float>(on, draws, x);
  }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override {
    read_as<double>(on, draws, x);
  }

 private:
  // The preprocessing as factors and offsets of the picture's own channels, then what the options take off.
  static image::Standardize standardized(const PictureSource& pictures, const AugmentedOptions& options) {
    const std::int64_t channels = pictures.sample_shape()[2];
    const Preprocessing p = pictures.preprocessing();
    image::Standardize result(channels, p == Preprocessing::unit_rgb ? 1.0 / 255.0 : 1.0, options.mean,
                              options.deviation);
    if (p == Preprocessing::caffe) {
      if (!options.mean.empty() || !options.deviation.empty())
        detail::raise<ValueError>(
            "data::Augmented: preprocessing caffe takes means off by itself; leave mean and deviation out");
      for (std::int64_t c = 0; c < channels; ++c)
        result.offset[static_cast<std::size_t>(c)] = image::channel_scale(p, c).offset;
    }
    return result;
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
        if (swap_red_blue_)
          for (std::int64_t k = 0; k < shape.size(); k += 3) std::swap(out[k], out[k + 2]);
      });
    });
  }

  const PictureSource* pictures_;
  Augment augment_;
  Random random_;
  bool swap_red_blue_;
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
