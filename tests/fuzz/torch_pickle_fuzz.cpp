// SPDX-License-Identifier: MIT
// The pickle inside files by torch.save, without the archive, whose checksums keep most changes from it.
#include <string_view>

#include "brindle/core/error.hpp"
#include "brindle/io/torch_pickle.hpp"
#include "fuzz/input_file.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const io::detail::TorchPickle pickle("input", {reinterpret_cast<const char*>(data), size});
    static_cast<void>(pickle.root());
  } catch (const FileError&) {
  }
  return 0;
}
