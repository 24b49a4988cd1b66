// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/augmented.hpp"
#include "brindle/data/cuda_picture_changes.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/augment.hpp"
#include "brindle/image/cuda_kernels.hpp"

namespace brindle::data {

/// Samples that a GPU makes by itself, from what lies in its memory. A trainer on that GPU asks for them there; any
/// other reads them as from every source.
class CudaSource : public Source {
 public:
  using Source::read;

  /// Writes the samples on the GPU, in the order of the work of `on`. x (draws.size(), sample_shape())
  virtual void read(const Cuda& on, std::span<const Draw> draws, TensorView<float, Cuda> x) const = 0;
};

/// data::Augmented with the pictures in the GPU's memory, a byte a channel: in training nothing but the draws goes
/// there.
///
///     const data::CudaAugmented augmented(on, photos, {.rotation = 50, .flip_horizontal = true}, {.seed = 42});
///     trainer.fit(augmented, {.batch = 30, .epochs = 100});
///
/// The draws are those of data::Augmented; positions are worked out in double, where that does so in float, so that
/// levels differ by up to a thousandth. With Augment{} the pictures are given as they are. The pictures must outlive
/// this, for those that read on the Cpu.
class CudaAugmented final : public CudaSource {
 public:
  /// Throws ValueError for what looks at all levels of a warped picture: channel_shift, brightness as of 2018
  /// (Augment::keras2) or with a cval outside of 0..255; and for more than four channels. CudaError if the pictures do
  /// not fit.
  CudaAugmented(const Cuda& on, const PictureSource& pictures, const Augment& augment,
                const AugmentedOptions& options = {})
      : pictures_(&pictures), augmented_(pictures, augment, options) {
    const Shape shape = pictures.sample_shape();
    const bool brightness = augment.brightness.low != 1 || augment.brightness.high != 1;
    const bool levels_beyond = augment.fill == Fill::constant && !(augment.cval >= 0 && augment.cval <= 255);
    if (augment.channel_shift != 0 || (brightness && (augment.keras2 || levels_beyond)))
      detail::raise<ValueError>(
          "data::CudaAugmented: channel_shift, and brightness with keras2 or a cval outside of 0 to "
          "255, are not made on the GPU; use data::Augmented");
    if (shape[2] > image::internal::WarpPixel<float>::most_channels)
      detail::raise<ValueError>("data::CudaAugmented: expected pictures of at most 4 channels, got " +
                                to_string_batch(shape));
    on.use();
    pixels_ = Tensor<std::uint8_t, Cuda>::uninitialized(shape.batch(pictures.size()));
    for (std::int64_t row = 0; row < pictures.size(); ++row)
      pictures.with_pixels(row, [&](const std::uint8_t* from) {
        Memory<Cuda>::copy_from_host(pixels_.data() + row * shape.size(), from, static_cast<std::size_t>(shape.size()));
      });
  }
  CudaAugmented(const Cuda&, const PictureSource&& gone_too_soon, const Augment&,
                const AugmentedOptions& = {}) = delete;

  std::int64_t size() const override { return augmented_.size(); }
  Shape sample_shape() const override { return augmented_.sample_shape(); }
  TensorView<const float> labels() const override { return augmented_.labels(); }
  std::vector<std::string> class_names() const override { return augmented_.class_names(); }
  std::string describe(std::int64_t row) const override { return augmented_.describe(row); }
  std::optional<PictureInput> picture_input() const override { return augmented_.picture_input(); }

  std::string augmentation() const override { return augmented_.augmentation(); }
  std::string fingerprint(const Cpu& on) const override { return augmented_.fingerprint(on); }

  AugmentDraw drawn(std::uint64_t use) const { return augmented_.drawn(use); }  ///< as Augmented::drawn()

  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override {
    augmented_.read(on, draws, x);
  }
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override {
    augmented_.read(on, draws, x);
  }
  void read(const Cuda& on, std::span<const Draw> draws, TensorView<float, Cuda> x) const override {
    pictures_->check_read("data::CudaAugmented", draws, x.shape);
    const Shape shape = sample_shape();
    image::internal::WarpPixel<float> warp{};
    warp.pixels = pixels_.data();
    warp.h = shape[0], warp.w = shape[1], warp.c = shape[2];
    warp.fill = augmented_.augment().fill;
    warp.constant = augmented_.augment().cval;
    warp.swap_red_blue = augmented_.swaps_red_and_blue();
    warp.erased = static_cast<float>(augmented_.augment().random_erasing.value);
    const image::Standardize& to = augmented_.standardize();
    std::copy(to.factor.begin(), to.factor.end(), warp.factor);
    std::copy(to.offset.begin(), to.offset.end(), warp.offset);
    for (std::size_t begin = 0; begin < draws.size(); begin += image::internal::WarpPixel<float>::most) {
      const std::size_t count = std::min<std::size_t>(image::internal::WarpPixel<float>::most, draws.size() - begin);
      std::vector<AugmentDraw> drawn_now;
      for (std::size_t i = 0; i < count; ++i) drawn_now.push_back(drawn(draws[begin + i].use));
      // Pictures whose bytes are changed first are warped from where that leaves them.
      const std::uint8_t* changed = changes_.run(on, pixels_.data(), shape, draws.subspan(begin, count), drawn_now);
      warp.pixels = changed ? changed : pixels_.data();
      for (std::size_t i = 0; i < count; ++i) {
        const AugmentDraw& d = drawn_now[i];
        const auto small = [](std::int64_t v) { return static_cast<std::int32_t>(v); };
        warp.use[i] = {image::affine(augmented_.augment(), d, {warp.h, warp.w}),
                       small(changed ? static_cast<std::int64_t>(i) : draws[begin + i].row),
                       static_cast<float>(d.brightness),
                       small(d.erased.top),
                       small(d.erased.left),
                       small(d.erased.height),
                       small(d.erased.width)};
      }
      warp.out = x.data + static_cast<std::int64_t>(begin) * shape.size();
      launch(on, static_cast<std::int64_t>(count) * warp.h * warp.w, warp);
    }
  }

 private:
  const PictureSource* pictures_;
  Augmented augmented_;
  Tensor<std::uint8_t, Cuda> pixels_;
  mutable CudaPictureChanges changes_;
};

/// As for the processor, see augmented.hpp. Throws as CudaAugmented does.
inline CudaAugmented augmented(const Cuda& on, const PictureSource& pictures, const Augment& augment,
                               const AugmentedOptions& options = {}) {
  return CudaAugmented(on, pictures, augment, options);
}
CudaAugmented augmented(const Cuda&, const PictureSource&& gone_too_soon, const Augment&,
                        const AugmentedOptions& = {}) = delete;

namespace internal {

/// Stands for a source whose samples are made on the GPU while batches are ordered ahead: nothing is read.
class CudaUnread final : public Source {
 public:
  explicit CudaUnread(const Source& source) : source_(&source) {}  ///< source must outlive it

  std::int64_t size() const override { return source_->size(); }
  Shape sample_shape() const override { return {1}; }
  TensorView<const float> labels() const override { return source_->labels(); }
  void read_labels(std::span<const Draw> draws, TensorView<float> t) const override { source_->read_labels(draws, t); }
  void read(const Cpu&, std::span<const Draw>, TensorView<float>) const override {}
  void read(const Cpu&, std::span<const Draw>, TensorView<double>) const override {}

 private:
  const Source* source_;
};

}  // namespace internal

}  // namespace brindle::data
