// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "brindle/core/shape.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

// How the output pixels of a convolution by a matrix product are dealt to threads.
namespace brindle::ops::kernel {

/// Output pixels of one picture that are computed together.
struct PictureBlock {
  std::int64_t n, row, column, rows, columns;
};

/// All pictures of y cut into blocks, which differ by two rows and columns at most: a block begins with an even row and
/// column, so that the windows of a 2x2 pool stay whole. A single row is cut anywhere.
struct PictureBlocks {
  Shape4 y;
  std::int64_t rows = 0, columns = 0;  ///< how many blocks a picture has along each axis
  std::int64_t count = 0;              ///< of all pictures

  /// The fewest that have no more rows (an even number) and columns than these.
  static PictureBlocks of(const Shape4& y, std::int64_t most_rows, std::int64_t most_columns) {
    return with(y, (y.h + most_rows - 1) / most_rows, (y.w + most_columns - 1) / most_columns);
  }

  /// Of about so many pixels: of 256 the part of y stays in the level 2 cache while the filters pass by once.
  static PictureBlocks of_pixels(const Shape4& y, std::int64_t pixels = 256) {
    return of(y, most_rows(y.w, pixels), most_columns(y.w, pixels));
  }
  /// The most rows, columns and pixels of one of these, by the columns of y.
  /// @{
  static std::int64_t most_columns(std::int64_t ow, std::int64_t pixels = 256) {
    return std::clamp<std::int64_t>(ow, 1, (pixels - pixels / 64) / 2 * 2);  // even, as blocks begin
  }
  static std::int64_t most_rows(std::int64_t ow, std::int64_t pixels = 256) {
    return std::max<std::int64_t>(2, (pixels / most_columns(ow, pixels) + 1) / 2 * 2);
  }
  static std::int64_t most_pixels(std::int64_t ow) { return most_rows(ow) * most_columns(ow); }
  /// @}

  /// At least so many of all pictures, by cuts of the rows, or of a single row's pixels, as far as there are any.
  PictureBlocks finer(std::int64_t wanted) const {
    const auto along = [&](std::int64_t now, std::int64_t most, std::int64_t others) {
      return std::clamp((wanted + others - 1) / others, now, std::max(now, most));
    };
    if (count == 0) return *this;
    if (y.h == 1) return with(y, rows, along(columns, y.w, y.n * rows));
    return with(y, along(rows, (y.h + 1) / 2, y.n * columns), columns);
  }

  PictureBlock at(std::int64_t i) const {
    const auto [row, rows_end] = part(i / columns % rows, rows, y.h, 2);
    const auto [column, columns_end] = part(i % columns, columns, y.w, y.h == 1 ? 1 : 2);
    return {i / (rows * columns), row, column, rows_end - row, columns_end - column};
  }

 private:
  struct Part {
    std::int64_t begin, end;
  };
  /// Part number i of an axis that is cut into `parts`, at multiples of `unit`.
  static Part part(std::int64_t i, std::int64_t parts, std::int64_t size, std::int64_t unit) {
    const std::int64_t units = (size + unit - 1) / unit;
    return {i * units / parts * unit, std::min(size, (i + 1) * units / parts * unit)};
  }

  static PictureBlocks with(const Shape4& y, std::int64_t rows, std::int64_t columns) {
    return {y, rows, columns, y.n * rows * columns};
  }
};

/// Output channels, which stand in packed panels, in `count` parts of whole panels.
template <class T>
struct PanelParts {
  std::int64_t channels = 0;  ///< with those that fill the last packet
  std::int64_t count = 1;

  std::int64_t panels() const { return (channels + MicroTile<T>::columns - 1) / MicroTile<T>::columns; }
  /// The first channel of a part; of part `count`, the end.
  std::int64_t first(std::int64_t part) const {
    return std::min(channels, part * panels() / count * MicroTile<T>::columns);
  }
};

/// What a product makes tasks of: each block with each part of the channels.
template <class T>
struct Dealing {
  PictureBlocks blocks;
  PanelParts<T> parts;
};

/// Tasks that keep all threads busy to the end: of a few ways to cut blocks and channels further, that in which the
/// thread with most to do has least. No element of y depends on it. cost_of(pixels, channels): of a task.
template <class T, class Cost>
Dealing<T> deal_product(const PictureBlocks& blocks, std::int64_t channels, std::int64_t threads, const Cost& cost_of) {
  Dealing<T> best{blocks, {channels, 1}};
  if (blocks.count == 0 || blocks.count >= 16 * threads) return best;
  const std::int64_t panels = best.parts.panels();
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t parts = 1; parts <= std::min(panels, 4 * threads); parts += std::max<std::int64_t>(parts / 4, 1)) {
    const auto width = static_cast<double>((panels + parts - 1) / parts * MicroTile<T>::columns);
    for (std::int64_t tasks = 0; tasks <= 4; ++tasks) {  // of a thread; 0: as the blocks are
      const PictureBlocks b = blocks.finer((tasks * threads + parts - 1) / parts);
      const double pixels = static_cast<double>(b.y.n * b.y.h * b.y.w) / static_cast<double>(b.count);
      const auto rounds = static_cast<double>((b.count * parts + threads - 1) / threads);
      const double cost = rounds * cost_of(pixels, width);
      if (cost >= least) continue;
      least = cost;
      best = {b, {channels, parts}};
    }
  }
  return best;
}

/// The same with the cost of multiply-adds and of what is read for them.
template <class T>
Dealing<T> deal_product(const PictureBlocks& blocks, std::int64_t channels, std::int64_t threads) {
  // Multiply-adds (for each step of the sum) that take as long as to bring an element from the level 2 cache.
  constexpr double read_cost = 8;
  return deal_product<T>(blocks, channels, threads,
                         [](double pixels, double width) { return pixels * width + read_cost * (pixels + width); });
}

}  // namespace brindle::ops::kernel
