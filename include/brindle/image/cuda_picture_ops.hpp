// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/image/picture_op.hpp"
#include "brindle/image/picture_op_pixels.hpp"

// The changes of PictureOp on a GPU: of several pictures at once, each by an op of its own. What they do to a level or
// a pixel is what the processor does.
namespace brindle::image::internal {

/// One change of each of several pictures (uses, h, w, c). It goes along with each launch.
struct PictureChanges {
  static constexpr int most = 64;   ///< uses
  static constexpr int bands = 32;  ///< of a picture, whose levels are counted apart
  static constexpr int kinds = 4;   ///< of levels that are counted: three channels, and the grey picture
  static constexpr int levels = 256;

  struct Use {
    PixelMove move;  ///< with the amount
    PictureOp op;
    std::int32_t none;  ///< not 0: the picture stays as it is
  };

  const std::uint8_t* from;
  std::uint8_t* to;           ///< another memory
  std::int32_t* band_counts;  ///< (uses, bands, kinds, levels)
  std::int32_t* counts;       ///< (uses, kinds, levels)
  std::uint8_t* tables;       ///< (uses, 3, levels)
  std::int64_t h, w, c;
  Use use[most];

  /// 32-bit numbers and bytes that they need for `uses` pictures.
  /// @{
  static constexpr std::int64_t numbers(std::int64_t uses) { return uses * (bands + 1) * kinds * levels; }
  static constexpr std::int64_t table_bytes(std::int64_t uses) { return uses * 3 * levels; }
  /// @}
};

/// Picture i of several, copied to where they are changed.
struct TakePicture {
  const std::uint8_t* pictures;
  std::uint8_t* to;
  std::int64_t size;  ///< bytes of a picture
  std::int32_t row[PictureChanges::most];

  /// Byte i of all.
  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    to[i] = pictures[static_cast<std::int64_t>(row[i / size]) * size + i % size];
  }
};

/// How often each level is in band i % bands of picture i / bands, where its op asks for that.
struct CountLevels {
  PictureChanges p;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t n = i / PictureChanges::bands, band = i % PictureChanges::bands;
    if (p.use[n].none || !counts_levels(p.use[n].op)) return;
    std::int32_t* count = p.band_counts + i * PictureChanges::kinds * PictureChanges::levels;
    for (int k = 0; k < PictureChanges::kinds * PictureChanges::levels; ++k) count[k] = 0;
    const std::int64_t pixels = p.h * p.w;
    for (std::int64_t at = band * pixels / PictureChanges::bands; at < (band + 1) * pixels / PictureChanges::bands;
         ++at) {
      const std::uint8_t* pixel = p.from + (n * pixels + at) * p.c;
      for (std::int64_t k = 0; k < p.c; ++k) ++count[k * PictureChanges::levels + pixel[k]];
      const int grey = p.c == 3 ? static_cast<int>(grey_level(pixel)) : pixel[0];
      ++count[3 * PictureChanges::levels + grey];
    }
  }
};

/// Level i % levels of one kind of one picture, in all bands.
struct AddCounts {
  PictureChanges p;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    constexpr std::int64_t each = PictureChanges::kinds * PictureChanges::levels;
    const std::int64_t n = i / each;
    if (p.use[n].none || !counts_levels(p.use[n].op)) return;
    std::int32_t sum = 0;
    for (std::int64_t band = 0; band < PictureChanges::bands; ++band)
      sum += p.band_counts[(n * PictureChanges::bands + band) * each + i % each];
    p.counts[i] = sum;
  }
};

/// What becomes of each level of channel i % 3 of picture i / 3.
struct MakeLevelTable {
  PictureChanges p;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    constexpr int levels = PictureChanges::levels;
    const std::int64_t n = i / 3, channel = i % 3;
    const PictureChanges::Use& use = p.use[n];
    if (use.none || !changes_levels(use.op) || channel >= p.c) return;
    std::uint8_t* table = p.tables + i * levels;
    const std::int32_t* count = p.counts + (n * PictureChanges::kinds + channel) * levels;
    LevelChange change{use.op, use.move.amount};
    bool same = false;
    if (use.op == PictureOp::equalize) {
      if (equalized_levels(count, p.h * p.w, table)) return;
      same = true;
    } else if (use.op == PictureOp::autocontrast) {
      int least = 0, most = levels - 1;
      while (count[least] == 0) ++least;
      while (count[most] == 0) --most;
      same = least == most;
      if (!same) change = autocontrast_of(least, most);
    } else if (use.op == PictureOp::contrast) {
      double sum = 0;  // of whole numbers: in any order the same
      const std::int32_t* grey = p.counts + (n * PictureChanges::kinds + 3) * levels;
      for (int v = 0; v < levels; ++v) sum += static_cast<double>(v) * static_cast<double>(grey[v]);
      change.mean = static_cast<float>(sum / static_cast<double>(p.h * p.w));
    }
    for (int v = 0; v < levels; ++v) table[v] = same ? static_cast<std::uint8_t>(v) : change(v);
  }
};

/// Pixel i of all pictures.
struct ChangePixel {
  PictureChanges p;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t pixels = p.h * p.w, n = i / pixels, row = i / p.w % p.h, column = i % p.w;
    const PictureChanges::Use& use = p.use[n];
    const std::uint8_t* from = p.from + i * p.c;
    std::uint8_t* to = p.to + i * p.c;
    if (use.none) return copy(from, to);
    if (changes_levels(use.op)) {
      for (std::int64_t k = 0; k < p.c; ++k) to[k] = p.tables[(n * 3 + k) * PictureChanges::levels + from[k]];
      return;
    }
    const double x = static_cast<double>(column), y = static_cast<double>(row);
    switch (use.op) {
      case PictureOp::shear_x:
        return move(n, use.move.from<PictureOp::shear_x>(x, y), to);
      case PictureOp::shear_y:
        return move(n, use.move.from<PictureOp::shear_y>(x, y), to);
      case PictureOp::translate_x:
        return move(n, use.move.from<PictureOp::translate_x>(x, y), to);
      case PictureOp::translate_y:
        return move(n, use.move.from<PictureOp::translate_y>(x, y), to);
      case PictureOp::rotate:
        return move(n, use.move.from<PictureOp::rotate>(x, y), to);
      case PictureOp::saturation:
        copy(from, to);
        if (p.c == 3) change_saturation(to, use.move.amount);
        return;
      case PictureOp::hue:
        copy(from, to);
        if (p.c == 3) change_hue(to, static_cast<float>(use.move.amount));
        return;
      default: {  // sharpness
        const bool inside = row > 0 && row + 1 < p.h && column > 0 && column + 1 < p.w;
        for (std::int64_t k = 0; k < p.c; ++k)
          to[k] = inside ? sharpened_level(from + k, p.w * p.c, p.c, use.move.amount) : from[k];
      }
    }
  }

 private:
  BRINDLE_HOST_DEVICE void copy(const std::uint8_t* from, std::uint8_t* to) const {
    for (std::int64_t k = 0; k < p.c; ++k) to[k] = from[k];
  }

  BRINDLE_HOST_DEVICE void move(std::int64_t n, const Position& at, std::uint8_t* to) const {
    const std::int64_t from = nearest_pixel(at, p.h, p.w);
    for (std::int64_t k = 0; k < p.c; ++k)
      to[k] = from < 0 ? std::uint8_t{0} : p.from[(n * p.h * p.w + from) * p.c + k];
  }
};

}  // namespace brindle::image::internal
