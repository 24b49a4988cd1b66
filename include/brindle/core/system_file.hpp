// SPDX-License-Identifier: MIT
#pragma once

// What the standard library does not say of files: that the disk has them, and how long a name may be. The system's own
// calls stand here and nowhere else.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace brindle::detail {

// One call each: open a new file to write, write some of the bytes, have the disk know them, close.
#ifdef _WIN32
inline int system_create(const std::filesystem::path& path) {
  return ::_wopen(path.c_str(), _O_WRONLY | _O_CREAT | _O_TRUNC | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
}
inline std::ptrdiff_t system_write(int file, std::string_view bytes) {
  return ::_write(file, bytes.data(), static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 1u << 30)));
}
inline int system_sync(int file) { return ::_commit(file); }
inline int system_close(int file) { return ::_close(file); }
#else
inline int system_create(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}
inline std::ptrdiff_t system_write(int file, std::string_view bytes) {
  return ::write(file, bytes.data(), bytes.size());
}
inline int system_sync(int file) { return ::fsync(file); }
inline int system_close(int file) { return ::close(file); }
#endif

/// Writes all parts to a new file. 0, or the errno of what failed: a full disk shows in any of write, fsync and close.
inline int write_parts(const std::filesystem::path& path, std::span<const std::string_view> parts, bool sync) {
  const int file = system_create(path);
  if (file < 0) return errno;
  int error = 0;
  for (std::string_view part : parts)
    while (!part.empty() && error == 0) {
      const std::ptrdiff_t written = system_write(file, part);
      if (written > 0)
        part.remove_prefix(static_cast<std::size_t>(written));
      else if (written == 0)
        error = ENOSPC;
      else if (errno != EINTR)
        error = errno;
    }
  if (sync && error == 0 && system_sync(file) != 0) error = errno;
  if (system_close(file) != 0 && error == 0) error = errno;
  return error;
}

/// Has the disk know a folder's entries. Folders that cannot be synchronised (some network disks) are left alone, and
/// those of Windows, which keeps a journal of them.
inline void sync_folder([[maybe_unused]] const std::filesystem::path& folder) {
#ifndef _WIN32
  const int file = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
#endif
}

/// The most bytes that a file's name may have in a folder; of Windows, whose names have 255 units of UTF-16, what is
/// right for names in ASCII and safe for others.
inline std::size_t longest_name([[maybe_unused]] const std::filesystem::path& folder) {
#ifndef _WIN32
  if (const long most = ::pathconf(folder.c_str(), _PC_NAME_MAX); most > 64) return static_cast<std::size_t>(most);
#endif
  return 255;
}

/// Whether the system takes a path of this length at all.
inline bool path_too_long([[maybe_unused]] const std::filesystem::path& path) {
#ifdef _WIN32
  return false;  // creating a file says so
#else
  struct stat there {};
  return ::lstat(path.c_str(), &there) != 0 && errno == ENAMETOOLONG;
#endif
}

/// Gives a file another name, which may be another file's: whoever opens it finds one of the two at any moment. 0, or
/// the errno of what failed.
inline int rename_over(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  return error ? error.default_error_condition().value() : 0;
}

}  // namespace brindle::detail
