// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/core/path_of.hpp"

namespace brindle::detail {

/// Reads parts of a file, each checked against the file's size before anything is allocated.
class FileBytes {
 public:
  /// Bytes in memory, read as if they were a file of this path.
  FileBytes(std::string path, std::string content)
      : path_(std::move(path)),
        content_(std::move(content)),
        in_memory_(true),
        size_(static_cast<std::int64_t>(content_.size())) {}

  explicit FileBytes(const std::string& path) : path_(path), file_(path_of(path), std::ios::binary) {
    if (!file_) raise<FileError>(path + ": cannot be opened");
    file_.seekg(0, std::ios::end);
    size_ = static_cast<std::int64_t>(file_.tellg());
    // A folder opens, but says that it is as long as a number can be, or fails to read.
    if (!file_ || size_ < 0 || size_ == std::numeric_limits<std::int64_t>::max())
      raise<FileError>(path + ": cannot be read; is it a folder?");
    if (static_cast<std::uint64_t>(size_) > static_cast<std::uint64_t>(PTRDIFF_MAX))
      raise<FileError>(path + ": has " + std::to_string(size_) +
                       " bytes, more than a program of 32 bits can hold; use one of 64 bits");
  }

  std::int64_t size() const { return size_; }

  [[noreturn]] void fail(std::int64_t offset, const std::string& what) const {
    raise<FileError>(path_ + ": byte " + std::to_string(offset) + ": " + what);
  }

  void read(std::int64_t offset, std::int64_t bytes, void* to, const std::string& what) {
    if (offset < 0 || bytes < 0 || offset > size_ || bytes > size_ - offset)
      fail(offset, what + " has " + std::to_string(bytes) + " bytes and ends after the end of the file (" +
                       std::to_string(size_) + "): the file is cut short or damaged");
    if (in_memory_) {
      if (bytes > 0) std::memcpy(to, content_.data() + offset, static_cast<std::size_t>(bytes));
      return;
    }
    file_.clear();
    file_.seekg(offset);
    file_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
    if (file_.gcount() != bytes) fail(offset, what + " cannot be read");
  }

  std::string text(std::int64_t offset, std::int64_t bytes, const std::string& what) {
    if (bytes < 0 || bytes > size_) read(offset, bytes, nullptr, what);  // fails, before it allocates
    std::string text(static_cast<std::size_t>(bytes), '\0');
    read(offset, bytes, text.data(), what);
    return text;
  }

 private:
  std::string path_;
  std::ifstream file_;
  std::string content_;
  bool in_memory_ = false;
  std::int64_t size_ = 0;
};

}  // namespace brindle::detail
