// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what reduced_copy.hpp declares.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/sha256.hpp"
#include "brindle/core/version.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/image/reduced_copy.hpp"

namespace brindle::image::internal {

/// What tells a file from its other versions, without reading it. None where it cannot be looked at.
struct FileState {
  std::uint64_t bytes = 0;
  std::filesystem::file_time_type changed = {};

  friend bool operator==(const FileState&, const FileState&) = default;

  static std::optional<FileState> of(const std::filesystem::path& path) {
    std::error_code error;
    FileState state;
    state.bytes = std::filesystem::file_size(path, error);
    if (error) return std::nullopt;
    state.changed = std::filesystem::last_write_time(path, error);
    if (error) return std::nullopt;
    return state;
  }
};

/// The lines with which a copy begins, but the checksum's: all that its levels depend on.
BRINDLE_INLINE std::string copy_key(const std::filesystem::path& path, const FileState& state,
                                    const PictureInput& input, const DecodeOptions& options) {
  std::string key = "brindle reduced copy 1, version " + std::to_string(BRINDLE_VERSION_MAJOR) + "." +
                    std::to_string(BRINDLE_VERSION_MINOR) + "." + std::to_string(BRINDLE_VERSION_PATCH) + "\n";
  key += std::filesystem::absolute(path).lexically_normal().string() + "\n";
  // In 64 bits: libc++ counts in 128, which no std::to_string() takes.
  const std::chrono::nanoseconds changed(static_cast<std::int64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(state.changed.time_since_epoch()).count()));
  key += std::to_string(state.bytes) + " bytes, changed " + std::to_string(changed.count());
  for (const detail::NamedSetting& s : detail::settings_of(input))
    if (std::string_view(s.name) != "preprocessing") key.append(", ").append(s.name).append(" ").append(s.value);
  return key + ", at most " + std::to_string(options.most_pixels) + " pixels and " +
         std::to_string(options.most_bytes) + " bytes\n";
}

/// The copy of this key; none if there is no file, or another one.
BRINDLE_INLINE std::optional<Picture> kept_copy(const std::filesystem::path& copy, const std::string& key,
                                                const PictureInput& input) {
  std::error_code error;
  constexpr std::size_t sum_line = 17;  // 16 digits and the end of the line
  Picture picture(input.size.h, input.size.w, input.channels());
  const std::size_t begin = key.size() + sum_line, bytes = begin + picture.pixels.size();
  if (std::filesystem::file_size(copy, error) != bytes || error) return std::nullopt;
  std::vector<std::uint8_t> content;
  try {
    content = read_file(copy, bytes);
  } catch (const FileError&) {  // it is made anew, and who cannot write there either is told so
    return std::nullopt;
  }
  if (content.size() != bytes || std::memcmp(content.data(), key.data(), key.size()) != 0) return std::nullopt;
  std::memcpy(picture.pixels.data(), content.data() + begin, picture.pixels.size());
  Checksum sum;
  sum.add({reinterpret_cast<const char*>(picture.pixels.data()), picture.pixels.size()});
  const std::string line = sum.text() + "\n";
  if (std::memcmp(content.data() + key.size(), line.data(), sum_line) != 0) return std::nullopt;
  return picture;
}

BRINDLE_INLINE void make_copies_folder(const std::string& who, const std::filesystem::path& copies) {
  std::error_code error;
  std::filesystem::create_directories(copies, error);
  if (!std::filesystem::is_directory(copies))
    detail::raise<FileError>(who + ": the folder for reduced copies cannot be made: " + copies.string() +
                             (error ? ": " + error.message() : ": there is a file of that name") +
                             "; name another one in .cache, or none");
  try {
    detail::check_writable(copies / "copy");
  } catch (const FileError& e) {
    detail::raise<FileError>(who + ": the folder for reduced copies cannot be used: " + e.what());
  }
}

BRINDLE_INLINE Picture read_reduced_copy(const std::filesystem::path& copies, const std::filesystem::path& path,
                                         const PictureInput& input, const DecodeOptions& options) {
  const std::optional<FileState> before = FileState::of(path);
  if (!before) return read_picture(path, input, options);  // says why
  const std::string key = copy_key(path, *before, input, options);
  Sha256 name;
  name.add(key);
  const std::filesystem::path copy = copies / (name.text().substr(0, 32) + ".levels");
  if (std::optional<Picture> kept = kept_copy(copy, key, input)) return *std::move(kept);

  Picture picture = read_picture(path, input, options);
  const auto quiet = std::filesystem::file_time_type::clock::now() - before->changed;
  if (quiet < std::chrono::seconds(2) || FileState::of(path) != before) return picture;
  Checksum sum;
  const std::string_view levels(reinterpret_cast<const char*>(picture.pixels.data()), picture.pixels.size());
  sum.add(levels);
  const std::string line = sum.text() + "\n";
  const std::string_view parts[] = {key, line, levels};
  try {
    replace_file(copy, parts);
  } catch (const FileError& e) {
    detail::raise<Error>("the reduced copy of " + path.string() + " cannot be kept: " + e.what() +
                         "; or read the photos without .cache");
  }
  return picture;
}

}  // namespace brindle::image::internal
