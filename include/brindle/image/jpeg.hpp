// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "brindle/image/picture_file.hpp"

namespace brindle::image::internal {

/// Walks the segments of a JPEG as stb_image does, past the scans, to the end of the picture, and looks at what stb
/// does not: tables that are too long for it, parts of the picture that no scan fills, what the colours mean.
class JpegSegments {
 public:
  /// Throws FileError.
  explicit JpegSegments(const PictureFile& file) : file_(file) {
    std::size_t at = 2;
    bool ended = false;
    while ((at = next_marker(at)) != none) {
      const std::uint8_t marker = file.bytes[at - 1];
      ended = marker == 0xd9;
      if (ended) break;
      if (!file.has(at, 2) || file.big2(at) < 2) break;  // stb stops here too
      const std::size_t size = file.big2(at);
      if (marker == 0xc4)
        read_huffman_tables(at + 2, size - 2);
      else if (marker == 0xdb)
        read_quantization_tables(at + 2, size - 2);
      else if (marker == 0xc0 || marker == 0xc1 || marker == 0xc2)
        read_frame(at, size, marker == 0xc2);
      else if (marker >= 0xc3 && marker <= 0xcf && marker != 0xc8 && marker != 0xcc)
        file.rare(marker >= 0xc9 ? "arithmetic coding" : "lossless or hierarchical coding");
      else if (marker == 0xe0 || marker == 0xee)
        read_application(at, size, marker);
      else if (marker == 0xda)
        read_scan(at, size);
      at += size;
    }
    if (at == none) file.cut_short();
    if (ended) check_scans();
  }

  /// The bytes that stb is to read instead, if any: where its guess of what the colours mean is another than
  /// libjpeg's (default_decompress_parms), by which Pillow and Keras go.
  std::vector<std::uint8_t> in_stb_words() const {
    const bool by_letters =
        components_.size() == 3 && components_[0].id == 'R' && components_[1].id == 'G' && components_[2].id == 'B';
    int transform = -1;  // that stb needs: 0 are the colours themselves, 2 is YCCK
    bool agreed = true;
    if (components_.size() == 4) {
      transform = adobe_.transform <= 0 ? 0 : 2;
      agreed = stb_adobe_.transform == transform;
    } else if (components_.size() == 3) {
      const bool colours = !adobe_.jfif && (adobe_.transform >= 0 ? adobe_.transform == 0 : by_letters);
      const bool stb_colours = by_letters || (stb_adobe_.transform == 0 && !stb_adobe_.jfif);
      transform = colours ? 0 : -1;
      agreed = colours == stb_colours;
    }
    if (agreed) return {};
    std::vector<std::uint8_t> bytes(file_.bytes.begin(), file_.bytes.end());
    for (const std::size_t at : applications_) bytes[at - 1] = 0xef;  // a segment that means nothing to stb
    if (by_letters && transform < 0)
      for (const std::size_t at : identifiers_)
        bytes[at] = bytes[at] == 'R' ? std::uint8_t{1} : bytes[at] == 'G' ? std::uint8_t{2} : std::uint8_t{3};
    if (transform >= 0) {
      const std::uint8_t segment[] = {0xff, 0xee, 0,   14, 'A', 'd', 'o', 'b',
                                      'e',  0,    100, 0,  0,   0,   0,   static_cast<std::uint8_t>(transform)};
      bytes.insert(bytes.begin() + 2, std::begin(segment), std::end(segment));
    }
    return bytes;
  }

 private:
  struct Component {
    std::uint8_t id = 0, quantization = 0;
    std::uint32_t across = 1, down = 1;  // samples, of the most that a component has
    bool begun = false;                  // a scan holds its blocks' means
  };
  /// What the segments APP0 and APP14 say of the colours; transform -1: nothing.
  struct Colours {
    bool jfif = false;
    int transform = -1;
  };

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// Behind the next marker that is no restart's and none of the picture's bytes: where its segment's length stands.
  std::size_t next_marker(std::size_t at) const {
    const std::size_t end = file_.bytes.size();
    while (at < end) {
      const void* found = std::memchr(file_.bytes.data() + at, 0xff, end - at);
      if (found == nullptr) return none;
      at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - file_.bytes.data());
      while (at < end && file_.bytes[at] == 0xff) ++at;
      if (at >= end) return none;
      const std::uint8_t marker = file_.bytes[at++];
      const bool restart = marker >= 0xd0 && marker <= 0xd7;
      if (marker != 0x00 && marker != 0x01 && marker != 0xd8 && !restart) return at;
    }
    return none;
  }

  /// stb_image before 2.28 writes what is more than 256 codes beyond its own array.
  void read_huffman_tables(std::size_t at, std::size_t size) {
    for (auto left = static_cast<std::int64_t>(size); left > 0;) {
      if (!file_.has(at, 17)) return;  // cut short: found when it is decoded
      std::size_t codes = 0;
      for (std::size_t i = 1; i <= 16; ++i) codes += file_.bytes[at + i];
      if (codes > 256) file_.broken("a Huffman table has more than 256 codes");
      huffman_.insert(file_.bytes[at]);
      at += 17 + codes;
      left -= 17 + static_cast<std::int64_t>(codes);
    }
  }

  void read_quantization_tables(std::size_t at, std::size_t size) {
    for (auto left = static_cast<std::int64_t>(size); left > 0 && file_.has(at, 1);) {
      quantization_.insert(file_.bytes[at] & 15u);
      const std::int64_t bytes = file_.bytes[at] >> 4 ? 129 : 65;
      at += static_cast<std::size_t>(bytes);
      left -= bytes;
    }
  }

  /// stb_image before 2.28 decodes by tables that were never written, from what its memory held.
  void check_tables(const Component& c, std::uint32_t tables, bool means, bool others) const {
    const auto missing = [&](const char* kind, std::uint32_t number) {
      file_.broken(std::string("a scan uses ") + kind + " table " + std::to_string(number) + ", which is not there");
    };
    if (means && !huffman_.count(static_cast<std::uint8_t>(tables >> 4))) missing("Huffman", tables >> 4);
    if (others && !huffman_.count(static_cast<std::uint8_t>(16 + (tables & 15u)))) missing("Huffman", tables & 15u);
    if (!quantization_.count(c.quantization)) missing("quantization", c.quantization);
  }

  void read_frame(std::size_t at, std::size_t size, bool progressive) {
    if (!components_.empty() || size < 8 || !file_.has(at, size)) return;  // stb says so
    if (file_.bytes[at + 2] != 8) file_.rare(std::to_string(file_.bytes[at + 2]) + " bits a colour");
    height_ = file_.big2(at + 3);
    width_ = file_.big2(at + 5);
    progressive_ = progressive;
    const std::size_t count = file_.bytes[at + 7];
    if (count != 1 && count != 3 && count != 4) file_.rare(std::to_string(count) + " components");
    if (size != 8 + 3 * count) return;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t from = at + 8 + 3 * i;
      const std::uint32_t samples = file_.bytes[from + 1];
      components_.push_back({file_.bytes[from], file_.bytes[from + 2], samples >> 4, samples & 15u});
      identifiers_.push_back(from);
      most_across_ = std::max(most_across_, samples >> 4);
      most_down_ = std::max(most_down_, samples & 15u);
    }
  }

  void read_application(std::size_t at, std::size_t size, std::uint8_t marker) {
    if (!file_.has(at, size)) return;
    applications_.push_back(at);
    const std::uint8_t* text = file_.bytes.data() + at + 2;
    const bool header = scans_ == 0;  // libjpeg decides before the first scan, stb after the last
    if (marker == 0xe0 && size >= 7 && std::memcmp(text, "JFIF", 5) == 0) {
      stb_adobe_.jfif = true;
      if (header && size >= 16) adobe_.jfif = true;
    } else if (marker == 0xee && size >= 14 && std::memcmp(text, "Adobe", 5) == 0) {
      if (text[5] == 0) stb_adobe_.transform = text[11];
      if (header) adobe_.transform = text[11];
    }
  }

  void read_scan(std::size_t at, std::size_t size) {
    ++scans_;
    if (!file_.has(at, size) || size < 6) return;
    const std::size_t count = file_.bytes[at + 2];
    if (size != 6 + 2 * count) return;  // stb says so
    const std::uint32_t first = file_.bytes[at + 3 + 2 * count], high = file_.bytes[at + 5 + 2 * count] >> 4;
    std::uint64_t blocks = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t id = at + 3 + 2 * i;
      identifiers_.push_back(id);
      const auto is = [&](const Component& c) { return c.id == file_.bytes[id]; };
      const auto found = std::find_if(components_.begin(), components_.end(), is);
      if (found == components_.end() || found->across == 0 || found->down == 0) return;
      if (first == 0 && high == 0) found->begun = true;
      if (!found->begun) file_.broken("a scan refines what no scan has begun");
      check_tables(*found, file_.bytes[id + 1], first == 0 && high == 0, first != 0 || !progressive_);
      blocks += count == 1 ? blocks_of(*found) : units() * found->across * found->down;
    }
    if (first != 0) return;  // of such a scan one code may end 32767 blocks
    // Each block has a code for its mean, of a bit at least, and unless it is refined later one for the end.
    const std::uint64_t needed = progressive_ ? blocks : 2 * blocks;
    const std::size_t from = at + size;
    const std::size_t next = next_marker(from);  // one with a length: restarts belong to the scan
    const std::uint64_t held = 8 * static_cast<std::uint64_t>((next == none ? file_.bytes.size() : next) - from);
    if (next == none && held < needed) file_.cut_short();
    file_.check_filled(width_, height_, held, needed, "bits");
  }

  /// Blocks of 8x8 of a component that has a scan of its own, and units of an interleaved scan.
  /// @{
  std::uint64_t blocks_of(const Component& c) const {
    const std::uint64_t across = (std::uint64_t{width_} * c.across + most_across_ - 1) / most_across_;
    const std::uint64_t down = (std::uint64_t{height_} * c.down + most_down_ - 1) / most_down_;
    return (across + 7) / 8 * ((down + 7) / 8);
  }
  std::uint64_t units() const {
    return (width_ + 8 * most_across_ - 1) / (8 * most_across_) *
           std::uint64_t{(height_ + 8 * most_down_ - 1) / (8 * most_down_)};
  }
  /// @}

  void check_scans() const {
    if (components_.empty()) return;  // stb says so
    for (std::size_t i = 0; i < components_.size(); ++i)
      if (!components_[i].begun)
        file_.broken("no scan holds component " + std::to_string(i + 1) + " of " + std::to_string(components_.size()));
  }

  const PictureFile& file_;
  std::vector<Component> components_;
  std::uint32_t width_ = 0, height_ = 0, most_across_ = 1, most_down_ = 1;
  bool progressive_ = false;
  int scans_ = 0;
  Colours adobe_, stb_adobe_;
  std::set<std::uint8_t> huffman_, quantization_;        // those that are there; 16 and more are of the other values
  std::vector<std::size_t> applications_, identifiers_;  // where they stand
};

}  // namespace brindle::image::internal
