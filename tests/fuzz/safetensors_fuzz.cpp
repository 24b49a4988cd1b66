// SPDX-License-Identifier: MIT
// Safetensors: the header, and every array as floats.
#include "brindle/io/safetensors.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::InputFile file(data, size);
  try {
    io::SafetensorsFile tensors(file.path());
    for (const auto& [name, entry] : tensors.entries()) try {
        tensors.read<float>(name);
        tensors.read<double>(name);
      } catch (const FileError&) {
      }
  } catch (const FileError&) {
  }
  return 0;
}
