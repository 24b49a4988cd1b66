#pragma once

#include <chrono>
#include <cstdint>
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

/// Writes a file whole or not at all, its parts one after the other: to a temporary file beside it, then renamed over
/// it.
///
/// Throws FileError, the path first; an older file of that name is then as it was.
inline void replace_file(const std::filesystem::path& path, std::span<const std::string_view> parts) {
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
  bool written = false;
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    for (const std::string_view part : parts) out.write(part.data(), static_cast<std::streamsize>(part.size()));
    out.close();
    written = !out.fail();
  }
  if (written) std::filesystem::rename(temporary, path, error);
  if (written && !error) return;
  const std::string reason = written ? error.message() : "check that you may write there and that the disk is not full";
  std::filesystem::remove(temporary, error);
  detail::raise<FileError>(name + ": cannot be written: " + reason);
}

inline void replace_file(const std::filesystem::path& path, std::string_view content) {
  replace_file(path, std::span(&content, 1));
}

}  // namespace brindle
