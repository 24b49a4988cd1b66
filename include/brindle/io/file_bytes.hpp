#pragma once

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

#include "brindle/core/error.hpp"

namespace brindle::detail {

/// Reads parts of a file, each checked against the file's size before anything is allocated.
class FileBytes {
 public:
  explicit FileBytes(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_) raise<FileError>(path + ": cannot be opened");
    file_.seekg(0, std::ios::end);
    size_ = static_cast<std::int64_t>(file_.tellg());
    // A folder opens, but says that it is as long as a number can be, or fails to read.
    if (!file_ || size_ < 0 || size_ == std::numeric_limits<std::int64_t>::max())
      raise<FileError>(path + ": cannot be read; is it a folder?");
  }

  std::int64_t size() const { return size_; }

  [[noreturn]] void fail(std::int64_t offset, const std::string& what) const {
    raise<FileError>(path_ + ": byte " + std::to_string(offset) + ": " + what);
  }

  void read(std::int64_t offset, std::int64_t bytes, void* to, const std::string& what) {
    if (offset < 0 || bytes < 0 || offset > size_ || bytes > size_ - offset)
      fail(offset, what + " has " + std::to_string(bytes) + " bytes and ends after the end of the file (" +
                       std::to_string(size_) + "): the file is cut short or damaged");
    file_.clear();
    file_.seekg(offset);
    file_.read(static_cast<char*>(to), bytes);
    if (file_.gcount() != bytes) fail(offset, what + " cannot be read");
  }

  std::string text(std::int64_t offset, std::int64_t bytes, const std::string& what) {
    if (bytes > size_) read(offset, bytes, nullptr, what);  // fails, before it allocates
    std::string text(static_cast<std::size_t>(bytes), '\0');
    read(offset, bytes, text.data(), what);
    return text;
  }

 private:
  std::string path_;
  std::ifstream file_;
  std::int64_t size_ = 0;
};

}  // namespace brindle::detail
