// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/image/picture.hpp"
#include "brindle/image/picture_file.hpp"

namespace brindle::image::internal {

/// Undoes a GIF's LZW: indices of colours from the data of its sub-blocks. Every string that the code can name stands
/// in what was written before, so the dictionary holds places and lengths.
class GifIndices {
 public:
  /// At most 2^12 codes, whose strings are shorter than that; a code of 12 bits is the shortest for its length.
  static constexpr std::size_t most_codes = 4096;
  static constexpr std::uint64_t most_pixels(std::uint64_t bytes) { return bytes * most_codes * 8 / 12 + most_codes; }

  /// code_bits: of a colour, 1 to 11. count: of pixels.
  GifIndices(const PictureFile& file, int code_bits, std::size_t count)
      : file_(file), colours_(1u << code_bits), indices_(count) {
    clear();
  }

  bool full() const { return done_ == indices_.size(); }
  bool ended() const { return ended_; }
  std::size_t done() const { return done_; }
  const std::vector<std::uint8_t>& indices() const { return indices_; }

  /// The data of one sub-block.
  void add(std::span<const std::uint8_t> data) {
    for (const std::uint8_t byte : data) {
      bits_ |= std::uint32_t{byte} << held_;
      held_ += 8;
      while (held_ >= width_ && !ended_ && !full()) {
        const std::uint32_t code = bits_ & ((1u << width_) - 1);
        bits_ >>= width_;
        held_ -= width_;
        take(code);
      }
      if (ended_ || full()) return;
    }
  }

 private:
  struct String {
    std::uint32_t begin = 0, length = 0;  // in indices_
  };

  void clear() {
    next_ = colours_ + 2;
    width_ = 1;
    while (1u << width_ < next_) ++width_;
    last_.length = 0;
  }

  void take(std::uint32_t code) {
    if (code == colours_) return clear();
    if (code == colours_ + 1) {
      ended_ = true;
      return;
    }
    // The string before and the first colour of this one: what stands there once this one is written.
    const bool added = last_.length > 0 && next_ < most_codes;
    if (added) strings_[next_] = {last_.begin, last_.length + 1};
    if (code >= next_ + (added ? 1 : 0)) file_.broken("its data name a string of colours before they define it");
    String now{static_cast<std::uint32_t>(done_), 1};
    if (code < colours_) {
      indices_[done_] = static_cast<std::uint8_t>(code);
    } else {
      const String from = strings_[code];
      now.length = static_cast<std::uint32_t>(std::min<std::size_t>(from.length, indices_.size() - done_));
      // From the front on: the string may end with its own beginning.
      for (std::uint32_t i = 0; i < now.length; ++i) indices_[done_ + i] = indices_[from.begin + i];
    }
    done_ += now.length;
    last_ = now;
    if (added && ++next_ == 1u << width_ && width_ < 12) ++width_;
  }

  const PictureFile& file_;
  std::uint32_t colours_;
  std::array<String, most_codes> strings_{};
  std::vector<std::uint8_t> indices_;
  std::size_t done_ = 0;
  String last_;
  std::uint32_t next_ = 0, bits_ = 0;
  int width_ = 0, held_ = 0;
  bool ended_ = false;
};

/// The first picture of a GIF as Pillow shows it: RGB, a transparent colour as the colour that it is; where the picture
/// does not reach, the transparent colour or, without one, the first of the table; colours that the table lacks are
/// black. Throws FileError.
inline Picture read_gif(const PictureFile& file) {
  using Colours = std::array<std::array<std::uint8_t, 3>, 256>;
  const auto need = [&](std::size_t at, std::size_t count) {
    if (!file.has(at, count)) file.cut_short();
  };
  std::size_t at = 13;
  need(0, at);
  // Without a table a colour is its own level of grey.
  Colours colours{};
  for (std::size_t i = 0; i < 256; ++i) colours[i].fill(static_cast<std::uint8_t>(i));
  const auto read_colours = [&](std::uint8_t flags) {
    if (!(flags & 0x80u)) return;
    const std::size_t count = std::size_t{2} << (flags & 7u);
    need(at, 3 * count);
    colours = {};
    for (std::size_t i = 0; i < count; ++i, at += 3) std::copy_n(file.bytes.data() + at, 3, colours[i].data());
  };
  const std::int64_t canvas_width = file.little2(6), canvas_height = file.little2(8);
  file.check_size(canvas_width, canvas_height);
  read_colours(file.bytes[10]);

  std::uint8_t beyond = 0;  // the colour where the picture does not reach
  for (need(at, 1); file.bytes[at] != ','; need(at, 1)) {
    const std::uint8_t mark = file.bytes[at++];
    if (mark == ';') file.broken("it holds no picture");
    if (mark != '!') continue;  // bytes between blocks mean nothing
    need(at, 2);
    const bool control = file.bytes[at] == 0xf9;
    const std::size_t block = at + 1;
    for (++at; need(at, 1), file.bytes[at] != 0; at += 1 + std::size_t{file.bytes[at]})
      need(at, 1 + std::size_t{file.bytes[at]});
    ++at;
    if (control && file.bytes[block] >= 4 && (file.bytes[block + 1] & 1u)) beyond = file.bytes[block + 4];
  }
  need(at, 11);
  const std::int64_t left = file.little2(at + 1), top = file.little2(at + 3);
  const std::int64_t width = file.little2(at + 5), height = file.little2(at + 7);
  const std::uint8_t flags = file.bytes[at + 9];
  at += 10;
  if (width < 1 || height < 1 || left + width > canvas_width || top + height > canvas_height)
    file.broken("its first picture, " + std::to_string(width) + " x " + std::to_string(height) + " pixels at (" +
                std::to_string(left) + ", " + std::to_string(top) + "), is not inside its canvas of " +
                std::to_string(canvas_width) + " x " + std::to_string(canvas_height));
  read_colours(flags);
  need(at, 1);
  const int code_bits = file.bytes[at++];
  if (code_bits < 1 || code_bits > 11) file.broken("its colours have " + std::to_string(code_bits) + " bits");

  // A canvas may be larger than its picture, whose data then say nothing of it: 12 MB are given to any.
  constexpr std::uint64_t any_canvas = 1u << 22;
  const std::uint64_t held = GifIndices::most_pixels(file.bytes.size() - at);
  file.check_filled(width, height, held, static_cast<std::uint64_t>(width * height), "colours");
  file.check_filled(canvas_width, canvas_height, std::max(held, any_canvas),
                    static_cast<std::uint64_t>(canvas_width * canvas_height), "colours");
  GifIndices indices(file, code_bits, static_cast<std::size_t>(width * height));
  for (;;) {
    need(at, 1);
    const std::size_t count = file.bytes[at++];
    if (count == 0) break;
    need(at, count);
    if (!indices.full() && !indices.ended()) indices.add(file.bytes.subspan(at, count));
    at += count;
  }
  if (!indices.full())
    file.broken("its data end after " + std::to_string(indices.done()) + " of its " + std::to_string(width * height) +
                " pixels");

  Picture picture(canvas_height, canvas_width, 3);
  if (width < canvas_width || height < canvas_height)
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3)
      std::copy_n(colours[beyond].data(), 3, picture.pixels.data() + i);
  const std::uint8_t* index = indices.indices().data();
  const auto write_row = [&](std::int64_t row) {
    std::uint8_t* to = picture.at(top + row, left);
    for (std::int64_t i = 0; i < width; ++i, to += 3) std::copy_n(colours[*index++].data(), 3, to);
  };
  if (flags & 0x40u) {  // interlaced: every eighth row, then those between
    for (const auto& [first, step] : {std::array{0, 8}, {4, 8}, {2, 4}, {1, 2}})
      for (std::int64_t row = first; row < height; row += step) write_row(row);
  } else {
    for (std::int64_t row = 0; row < height; ++row) write_row(row);
  }
  return picture;
}

}  // namespace brindle::image::internal
