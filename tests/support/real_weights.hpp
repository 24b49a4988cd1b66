// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace brindle::test {

/// What stands at `path` in the folder with `kind`: the environment's `variable` names the folder, else it stands
/// beside the project. Empty: it is not here, and the test is skipped, which it says.
inline std::filesystem::path beside_project(const char* variable, const std::string& kind, const std::string& path) {
  const char* folder = std::getenv(variable);
  const std::filesystem::path found =
      (folder ? std::filesystem::path(folder) : BRINDLE_GOLDENS "/../../../shared" / std::filesystem::path(kind)) /
      path;
  if (std::filesystem::exists(found)) return found;
  WARN("skipped: " << path << " is not here");
  return {};
}

/// A file of real weights.
inline std::filesystem::path real_weights(const std::string& file) {
  return beside_project("BRINDLE_WEIGHTS", "weights", file);
}

/// A folder of real photos.
inline std::filesystem::path real_photos(const std::string& folder) {
  return beside_project("BRINDLE_DATA", "data", folder);
}

}  // namespace brindle::test
