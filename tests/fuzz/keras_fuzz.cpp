// SPDX-License-Identifier: MIT
// Whole models of Keras: .keras (zip, JSON and HDF5 in one) and HDF5.
#include "brindle/io/load_keras.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Cpu on(1);
  const fuzz::InputFile file(data, size);
  try {
    io::load_keras(file.path(), {}, on);
  } catch (const FileError&) {
  }
  return 0;
}
