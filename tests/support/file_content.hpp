// SPDX-License-Identifier: MIT
#pragma once

#include <brindle/core/file.hpp>
#include <filesystem>
#include <string>

namespace brindle::test {

inline std::string content(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace brindle::test
