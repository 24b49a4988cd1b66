// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/image/augment_settings.hpp"
#include "brindle/image/cuda_picture_ops.hpp"

namespace brindle::data {

/// The changes of whole pictures (AugmentDraw::steps) on a GPU, with the memory that they need. One thread at a time.
class CudaPictureChanges {
 public:
  /// Changes copies of the drawn pictures, at most PictureChanges::most: pixels (pictures, H, W, C) on the GPU, a draw
  /// for each. Gives where the changed ones lie, one behind the other, until the next call; null if nothing changes.
  const std::uint8_t* run(const Cuda& on, const std::uint8_t* pixels, const Shape& shape, std::span<const Draw> draws,
                          const std::vector<AugmentDraw>& drawn) {
    std::int64_t steps = 0;
    for (const AugmentDraw& d : drawn) steps = std::max(steps, d.step_count);
    if (steps == 0) return nullptr;
    const auto uses = static_cast<std::int64_t>(draws.size());
    const std::int64_t size = shape.size();
    make_room(uses, size);
    image::internal::TakePicture take{pixels, first_.data(), size, {}};
    for (std::size_t i = 0; i < draws.size(); ++i) take.row[i] = static_cast<std::int32_t>(draws[i].row);
    launch(on, uses * size, take);
    image::internal::PictureChanges changes{.from = first_.data(),
                                            .to = second_.data(),
                                            .band_counts = numbers_.data(),
                                            .counts = numbers_.data() + counts_of_bands(uses),
                                            .tables = tables_.data(),
                                            .h = shape[0],
                                            .w = shape[1],
                                            .c = shape[2],
                                            .use = {}};
    for (std::int64_t step = 0; step < steps; ++step) {
      bool counted = false, tables = false;
      for (std::size_t i = 0; i < drawn.size(); ++i) {
        const AugmentDraw& d = drawn[i];
        const PictureStep& at = d.steps[static_cast<std::size_t>(std::min<std::int64_t>(step, d.steps.size() - 1))];
        const bool none = step >= d.step_count;
        changes.use[i] = {image::internal::pixel_move(at.amount, shape[0], shape[1]), at.op, none ? 1 : 0};
        counted = counted || (!none && image::internal::counts_levels(at.op));
        tables = tables || (!none && image::internal::changes_levels(at.op));
      }
      using Changes = image::internal::PictureChanges;
      if (counted) {
        launch(on, uses * Changes::bands, image::internal::CountLevels{changes});
        launch(on, uses * Changes::kinds * Changes::levels, image::internal::AddCounts{changes});
      }
      if (tables) launch(on, uses * 3, image::internal::MakeLevelTable{changes});
      launch(on, uses * shape[0] * shape[1], image::internal::ChangePixel{changes});
      std::swap(first_, second_);
      changes.from = first_.data();
      changes.to = second_.data();
    }
    return first_.data();
  }

 private:
  static std::int64_t counts_of_bands(std::int64_t uses) {
    using Changes = image::internal::PictureChanges;
    return uses * Changes::bands * Changes::kinds * Changes::levels;
  }

  void make_room(std::int64_t uses, std::int64_t size) {
    using Changes = image::internal::PictureChanges;
    if (first_.size() < uses * size) {
      first_ = Tensor<std::uint8_t, Cuda>::uninitialized({uses * size});
      second_ = Tensor<std::uint8_t, Cuda>::uninitialized({uses * size});
    }
    if (numbers_.size() < Changes::numbers(uses)) {
      numbers_ = Tensor<std::int32_t, Cuda>::uninitialized({Changes::numbers(uses)});
      tables_ = Tensor<std::uint8_t, Cuda>::uninitialized({Changes::table_bytes(uses)});
    }
  }

  Tensor<std::uint8_t, Cuda> first_, second_, tables_;
  Tensor<std::int32_t, Cuda> numbers_;
};

}  // namespace brindle::data
