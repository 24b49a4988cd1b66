// SPDX-License-Identifier: MIT
// Hands every file of a folder to a fuzz target, without a fuzzer: the corpus as an ordinary test.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <vector>

#include "brindle/core/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
  int files = 0;
  for (int i = 1; i < count; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
      const std::vector<std::uint8_t> bytes = brindle::read_file(entry.path());
      try {
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: expected a FileError or none, got: %s\n", entry.path().c_str(), e.what());
        return 1;
      }
      ++files;
    }
  std::printf("%d files\n", files);
  return files > 0 ? 0 : 1;
}
