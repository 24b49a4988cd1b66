// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/system_file.hpp"

namespace brindle {

/// All bytes of a regular file.
///
/// Throws FileError, the path first, if it is missing, a folder, a device, longer than `most_bytes`, or unreadable.
inline std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                           std::uint64_t most_bytes = std::uint64_t{1} << 40) {
  const std::string name = path.string();
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    detail::raise<FileError>(name + ": no such file; check the path");
  if (error) detail::raise<FileError>(name + ": cannot be looked at: " + error.message());
  if (status.type() == std::filesystem::file_type::directory)
    detail::raise<FileError>(name + ": is a folder, expected a file");
  if (status.type() != std::filesystem::file_type::regular)
    detail::raise<FileError>(name + ": is a device or a pipe, expected a file");
  const std::uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) detail::raise<FileError>(name + ": cannot be looked at: " + error.message());
  if (bytes > most_bytes)
    detail::raise<FileError>(name + ": has " + std::to_string(bytes) + " bytes, more than the limit of " +
                             std::to_string(most_bytes));
  if (bytes > static_cast<std::uint64_t>(PTRDIFF_MAX))
    detail::raise<FileError>(name + ": has " + std::to_string(bytes) +
                             " bytes, more than a program of 32 bits can hold; use one of 64 bits");
  std::ifstream in(path, std::ios::binary);
  if (!in) detail::raise<FileError>(name + ": cannot be opened; check that you may read it");
  std::vector<std::uint8_t> content(static_cast<std::size_t>(bytes));
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(bytes));
  if (static_cast<std::uint64_t>(in.gcount()) != bytes)
    detail::raise<FileError>(name + ": reading stopped at byte " + std::to_string(in.gcount()) + " of " +
                             std::to_string(bytes));
  return content;
}

struct ReplaceFileOptions {
  bool sync = false;           ///< return when the disk has it, so that it survives a loss of power
  bool keep_previous = false;  ///< the older file of that name stays, as previous_file()
};

namespace detail {

/// The file's own folder, "." where the path names none.
inline std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// What the names of files beside this one begin with: its name. Where `more` bytes behind it were too many for the
/// system, the name is cut, between characters, and ends with its checksum instead.
inline std::string name_beside(const std::filesystem::path& path, std::size_t more) {
  const std::string name = path.filename().string();
  const std::size_t longest = longest_name(folder_of(path));
  if (name.size() + more <= longest) return name;
  Checksum sum;
  sum.add(name);
  const std::string end = "~" + sum.text();
  std::size_t cut = longest - more - end.size();
  while (cut > 0 && cut < name.size() && (static_cast<unsigned char>(name[cut]) & 0xC0u) == 0x80u) --cut;
  return name.substr(0, cut) + end;
}

/// path with an ending, ".previous"; see name_beside().
inline std::filesystem::path file_beside(const std::filesystem::path& path, const std::string& ending) {
  std::filesystem::path beside = path;
  return beside.replace_filename(name_beside(path, ending.size()) + ending);
}

/// Bytes of ".", a number of 64 bits and ".tmp".
inline constexpr std::size_t temporary_ending = 25;

/// A file beside this one that no other thread or program has.
inline std::filesystem::path temporary_file(const std::filesystem::path& path) {
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  const std::size_t thread = std::hash<std::thread::id>{}(std::this_thread::get_id());
  std::filesystem::path temporary = path;
  return temporary.replace_filename(name_beside(path, temporary_ending) + "." +
                                    std::to_string(now ^ static_cast<std::uint64_t>(thread)) + ".tmp");
}

/// Throws FileError, the path first, for a name that is no file's or that has no folder.
inline void check_place(const std::filesystem::path& path) {
  const std::filesystem::path folder = folder_of(path);
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    raise<FileError>(path.string() + ": cannot be written, there is no folder " + folder.string() +
                     "; create it first");
  if (std::filesystem::is_directory(path, error))
    raise<FileError>(path.string() + ": cannot be written, it is a folder");
}

/// Throws FileError: why a file cannot be written, and what to do. error: errno.
[[noreturn]] inline void fail_to_write(const std::filesystem::path& path, int error, std::uint64_t bytes) {
  std::string advice;
#ifdef EDQUOT
  const bool full = error == ENOSPC || error == EDQUOT;
#else
  const bool full = error == ENOSPC;
#endif
  if (full)
    advice = "; make room for its " + std::to_string(bytes) + " bytes";
  else if (error == EFBIG)
    advice = "; its " + std::to_string(bytes) + " bytes are more than a file may have here";
  else if (error == EACCES || error == EPERM || error == EROFS)
#ifdef _WIN32
    advice = "; check that you may write there, and that no program has it open";
#else
    advice = "; check that you may write there";
#endif
  else if (error == ENAMETOOLONG)
    advice = "; give it a shorter name, it has " + std::to_string(path.filename().string().size()) + " bytes";
  raise<FileError>(path.string() + ": cannot be written: " + std::generic_category().message(error) + advice);
}

}  // namespace detail

/// Where replace_file() leaves the older file: name.previous. Where that name were too long for the system, its end is
/// another.
inline std::filesystem::path previous_file(const std::filesystem::path& path) {
  return detail::file_beside(path, ".previous");
}

namespace detail {

/// Throws FileError, the path first, unless replace_file(path) can write there now: before work whose result would be
/// lost. The file itself is left as it is.
inline void check_writable(const std::filesystem::path& path) {
  check_place(path);
  if (path_too_long(path)) fail_to_write(path, ENAMETOOLONG, 0);
  const std::filesystem::path temporary = temporary_file(path);
  const int failed = write_parts(temporary, {}, false);
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
  if (failed != 0) fail_to_write(path, failed, 0);
}

/// Removes what a program that was killed inside replace_file(path) left half written beside it.
inline void remove_unfinished(const std::filesystem::path& path) {
  const std::filesystem::path folder = folder_of(path);
  const std::string start = name_beside(path, temporary_ending) + ".", end = ".tmp";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.size() <= start.size() + end.size() || !name.starts_with(start) || !name.ends_with(end)) continue;
    const std::string number = name.substr(start.size(), name.size() - start.size() - end.size());
    if (number.find_first_not_of("0123456789") == std::string::npos) std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace detail

/// Writes a file whole or not at all, its parts one after the other: to a temporary file beside it, then renamed over
/// it. Whoever opens the name finds the older file or the newer one, at any moment. The newer one has the older one's
/// permissions; a link becomes a file, and what it led to stays as it was.
///
/// Throws FileError, the path first; an older file of that name is then as it was.
inline void replace_file(const std::filesystem::path& path, std::span<const std::string_view> parts,
                         const ReplaceFileOptions& options = {}) {
  detail::check_place(path);
  std::error_code error;
  // Two threads, or two programs, may write the same file at once: each has a temporary file of its own.
  const std::filesystem::path temporary = detail::temporary_file(path);
#ifdef _WIN32
  int failed = detail::write_parts(temporary, parts, options.sync);
#else
  // Whoever may read the older file may read the newer one, and nobody else may at any moment.
  const std::filesystem::file_status older = std::filesystem::status(path, error);
  const bool has_older = std::filesystem::is_regular_file(older);
  if (has_older && detail::write_parts(temporary, {}, false) == 0)
    std::filesystem::permissions(temporary, older.permissions() | std::filesystem::perms::owner_write, error);
  int failed = detail::write_parts(temporary, parts, options.sync);
  if (has_older && failed == 0) std::filesystem::permissions(temporary, older.permissions(), error);
#endif
  if (failed == 0 && options.keep_previous && std::filesystem::exists(path, error)) {
    // A second name for the older file first, so that the name itself is never without a file; where a disk has no
    // second names, it is moved.
    const std::filesystem::path previous = previous_file(path);
    std::filesystem::remove(previous, error);
    std::filesystem::create_hard_link(path, previous, error);
    if (error) std::filesystem::rename(path, previous, error);
  }
  if (failed == 0) failed = detail::rename_over(temporary, path);
  if (failed == 0) {
    if (options.sync) detail::sync_folder(detail::folder_of(path));
    return;
  }
  std::filesystem::remove(temporary, error);
  std::uint64_t bytes = 0;
  for (const std::string_view part : parts) bytes += part.size();
  detail::fail_to_write(path, failed, bytes);
}

/// The same with one part.
inline void replace_file(const std::filesystem::path& path, std::string_view content,
                         const ReplaceFileOptions& options = {}) {
  replace_file(path, std::span(&content, 1), options);
}

}  // namespace brindle
