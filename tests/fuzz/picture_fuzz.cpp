// SPDX-License-Identifier: MIT
// Pictures: any bytes are decoded, or refused by a FileError.
#include "brindle/image/decode.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const image::Picture picture = image::decode({data, size}, "picture", {.most_pixels = 1 << 20});
    if (static_cast<std::int64_t>(picture.pixels.size()) != picture.height * picture.width * 3) std::abort();
  } catch (const FileError&) {
  }
  return 0;
}
