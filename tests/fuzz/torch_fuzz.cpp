// SPDX-License-Identifier: MIT
// Files by torch.save: the archive, its pickle, and every tensor as floats.
#include "brindle/io/torch_file.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::InputFile file(data, size);
  try {
    const io::TorchFile tensors(file.path());
    for (const auto& [name, entry] : tensors.entries()) try {
        Tensor<float> values = Tensor<float>::uninitialized(entry.shape);
        tensors.read_into(name, values.view());
      } catch (const FileError&) {
      }
  } catch (const FileError&) {
  }
  return 0;
}
