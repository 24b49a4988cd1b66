// SPDX-License-Identifier: MIT
// Arrays of numpy: .npz, a zip file, and .npy.
#include "brindle/io/npz.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::InputFile file(data, size);
  try {
    if (size > 0 && data[0] == 0x93) {
      io::read_npy<float>(file.path());
      return 0;
    }
    const io::NpzFile npz(file.path());
    for (const std::string& name : npz.names()) try {
        const std::string dtype = npz.dtype(name);
        if (dtype == "<f4") npz.read<float>(name);
        if (dtype == "<f8") npz.read<double>(name);
        if (dtype == "|u1") npz.read<std::uint8_t>(name);
        if (dtype == "<i4") npz.read<std::int32_t>(name);
        if (dtype == "<i8") npz.read<std::int64_t>(name);
      } catch (const FileError&) {
      }
  } catch (const FileError&) {
  }
  return 0;
}
