#pragma once

#include <fcntl.h>
#include <unistd.h>

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

#include "brindle/core/error.hpp"

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

/// Where replace_file() leaves the older file: name.previous.
inline std::filesystem::path previous_file(std::filesystem::path path) { return path += ".previous"; }

namespace detail {

/// Writes all parts to a new file. 0, or the errno of what failed: a full disk shows in any of write, fsync and close.
inline int write_parts(const std::filesystem::path& path, std::span<const std::string_view> parts, bool sync) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return errno;
  int error = 0;
  for (std::string_view part : parts)
    while (!part.empty() && error == 0) {
      const ssize_t written = ::write(file, part.data(), part.size());
      if (written > 0)
        part.remove_prefix(static_cast<std::size_t>(written));
      else if (written == 0)
        error = ENOSPC;
      else if (errno != EINTR)
        error = errno;
    }
  if (sync && error == 0 && ::fsync(file) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

/// Has the disk know a folder's entries. Folders that cannot be synchronised (some network disks) are left alone.
inline void sync_folder(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace detail

/// Removes what a program that was killed inside replace_file(path) left half written beside it.
inline void remove_unfinished(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const std::string start = path.filename().string() + ".", end = ".tmp";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.size() <= start.size() + end.size() || !name.starts_with(start) || !name.ends_with(end)) continue;
    const std::string number = name.substr(start.size(), name.size() - start.size() - end.size());
    if (number.find_first_not_of("0123456789") == std::string::npos) std::filesystem::remove(entry.path(), ignored);
  }
}

/// Writes a file whole or not at all, its parts one after the other: to a temporary file beside it, then renamed over
/// it. Whoever opens the name finds the older file or the newer one, at any moment.
///
/// Throws FileError, the path first; an older file of that name is then as it was.
inline void replace_file(const std::filesystem::path& path, std::span<const std::string_view> parts,
                         const ReplaceFileOptions& options = {}) {
  const std::string name = path.string();
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    detail::raise<FileError>(name + ": cannot be written, there is no folder " + folder.string() + "; create it first");
  if (std::filesystem::is_directory(path, error))
    detail::raise<FileError>(name + ": cannot be written, it is a folder");

  // Two threads, or two programs, may write the same file at once: each has a temporary file of its own.
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  const std::size_t thread = std::hash<std::thread::id>{}(std::this_thread::get_id());
  std::filesystem::path temporary = path;
  temporary += std::string(".").append(std::to_string(now ^ static_cast<std::uint64_t>(thread))).append(".tmp");
  int failed = detail::write_parts(temporary, parts, options.sync);
  if (failed == 0 && options.keep_previous && std::filesystem::exists(path, error)) {
    // A second name for the older file first, so that the name itself is never without a file; where a disk has no
    // second names, it is moved.
    const std::filesystem::path previous = previous_file(path);
    std::filesystem::remove(previous, error);
    std::filesystem::create_hard_link(path, previous, error);
    if (error) std::filesystem::rename(path, previous, error);
  }
  if (failed == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) failed = errno;
  if (failed == 0) {
    if (options.sync) detail::sync_folder(folder);
    return;
  }
  std::filesystem::remove(temporary, error);
  std::uint64_t bytes = 0;
  for (const std::string_view part : parts) bytes += part.size();
  std::string advice;
  if (failed == ENOSPC || failed == EDQUOT)
    advice = "; make room for its " + std::to_string(bytes) + " bytes";
  else if (failed == EFBIG)
    advice = "; its " + std::to_string(bytes) + " bytes are more than a file may have here";
  else if (failed == EACCES || failed == EPERM || failed == EROFS)
    advice = "; check that you may write there";
  detail::raise<FileError>(name + ": cannot be written: " + std::generic_category().message(failed) + advice);
}

/// The same with one part.
inline void replace_file(const std::filesystem::path& path, std::string_view content,
                         const ReplaceFileOptions& options = {}) {
  replace_file(path, std::span(&content, 1), options);
}

}  // namespace brindle
