// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

/// A folder of its own for a test, removed with everything in it when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    for (int i = 0;; ++i) {
      path_ =
          std::filesystem::temp_directory_path() / ("brindle_test_" + std::to_string(now) + "_" + std::to_string(i));
      if (std::filesystem::create_directory(path_)) return;
    }
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};
