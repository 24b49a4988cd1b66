// SPDX-License-Identifier: MIT
// ONNX files: protobuf messages, tensors, graphs that become layers.
#include "brindle/io/load_onnx.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Cpu on(1);
  const fuzz::InputFile file(data, size);
  try {
    io::load_onnx_with_info(file.path(), {}, on);
  } catch (const FileError&) {
  }
  return 0;
}
