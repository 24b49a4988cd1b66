// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "brindle/core/error.hpp"

namespace brindle::image::internal {

/// The bytes of a picture's file with what messages call it, for the checks and readers of each format.
struct PictureFile {
  std::span<const std::uint8_t> bytes;
  const std::string& name;
  const char* kind;              ///< "JPEG"
  std::int64_t most_pixels = 0;  ///< as in DecodeOptions

  bool has(std::size_t at, std::size_t count) const { return at <= bytes.size() && count <= bytes.size() - at; }

  /// Numbers of 2 and 4 bytes; the bytes are there.
  /// @{
  std::uint32_t little2(std::size_t at) const { return bytes[at] | std::uint32_t{bytes[at + 1]} << 8; }
  std::uint32_t little4(std::size_t at) const { return little2(at) | little2(at + 2) << 16; }
  std::uint32_t big2(std::size_t at) const { return std::uint32_t{bytes[at]} << 8 | bytes[at + 1]; }
  std::uint32_t big4(std::size_t at) const { return big2(at) << 16 | big2(at + 2); }
  /// @}

  [[noreturn]] void broken(const std::string& what) const {
    detail::raise<FileError>(name + ": the " + kind + " is broken: " + what + "; fetch it again or delete it");
  }

  [[noreturn]] void cut_short() const {
    detail::raise<FileError>(name + ": the " + kind + " is cut short: it goes on after its end at byte " +
                             std::to_string(bytes.size()) + "; fetch it again or delete it");
  }

  /// what: "a header of 16 bytes".
  [[noreturn]] void rare(const std::string& what) const {
    detail::raise<FileError>(name + ": is a " + kind + " of a rare kind: it has " + what + "; convert it or delete it");
  }

  /// Throws FileError if the picture is empty or larger than allowed: before memory is taken.
  void check_size(std::int64_t width, std::int64_t height) const {
    if (width < 1 || height < 1)
      broken("its picture is " + std::to_string(width) + " x " + std::to_string(height) + " pixels");
    if (height > most_pixels / width)
      detail::raise<FileError>(name + ": is " + std::to_string(width) + " x " + std::to_string(height) +
                               " pixels, more than the limit of " + std::to_string(most_pixels) +
                               "; make it smaller or raise the limit");
  }

  /// Throws FileError if the file's bytes cannot fill the picture. held: a bound of what they can hold at most, needed:
  /// what the picture needs at least, both in `unit`.
  void check_filled(std::int64_t width, std::int64_t height, std::uint64_t held, std::uint64_t needed,
                    const char* unit) const {
    if (held >= needed) return;
    broken("its header claims " + std::to_string(width) + " x " + std::to_string(height) + " pixels, which need " +
           std::to_string(needed) + " " + unit + ", and its data can hold " + std::to_string(held) + " at most");
  }
};

}  // namespace brindle::image::internal
