// SPDX-License-Identifier: MIT
// JPEG by libjpeg-turbo, in full and reduced: any bytes are decoded, or refused by a FileError. What brindle was
// compiled without is refused as well.
#include <cstdlib>

#include "brindle/image/decode.hpp"

using namespace brindle;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t most_pixels = 1 << 20;
  const auto decoded = [&](Decoder decoder, const Size2& least) {
    try {
      const image::Picture p =
          image::internal::decode_by(decoder, {data, size}, "picture", {.most_pixels = most_pixels}, least);
      if (static_cast<std::int64_t>(p.pixels.size()) != p.height * p.width * 3) std::abort();
      return p;
    } catch (const FileError&) {
      return image::Picture();
    }
  };
  const image::Picture full = decoded(Decoder::libjpeg_turbo, {0, 0});
  for (const std::int64_t by : {1, 2, 4, 8}) {
    const Size2 least{full.height / by, full.width / by};
    const image::Picture reduced = decoded(Decoder::libjpeg_turbo_reduced, least);
    if (full.pixels.empty()) break;  // tried once more without a size, and refused as well
    if (reduced.pixels.empty()) continue;
    if (reduced.height < least.h || reduced.width < least.w || reduced.height > full.height) std::abort();
  }
  return 0;
}
