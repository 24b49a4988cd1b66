// SPDX-License-Identifier: MIT
// What save_model writes: a safetensors file with a model's description as JSON.
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Cpu on(1);
  const fuzz::InputFile file(data, size);
  try {
    io::load_model(file.path(), on);
  } catch (const FileError&) {
  }
  return 0;
}
