#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace brindle::test {

/// A file of the folder with real weights: BRINDLE_WEIGHTS names it, else it stands beside the project. Empty: it is
/// not here, and the test is skipped, which it says.
inline std::filesystem::path real_weights(const std::string& file) {
  const char* folder = std::getenv("BRINDLE_WEIGHTS");
  const std::filesystem::path path =
      std::filesystem::path(folder ? folder : BRINDLE_GOLDENS "/../../../shared/weights") / file;
  if (std::filesystem::exists(path)) return path;
  WARN("skipped: " << file << " is not here");
  return {};
}

}  // namespace brindle::test
