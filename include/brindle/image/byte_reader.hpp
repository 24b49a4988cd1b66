// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace brindle::image::internal {

/// Bytes in memory as stb reads them. It notes when more was asked for than there is: stb_image fills the missing part
/// of a JPEG with grey instead of calling it an error, and a whole file is never read past its end.
struct ByteReader {
  std::span<const std::uint8_t> bytes;
  std::size_t position = 0;
  bool past_end = false;

  int read(char* to, int count) {
    const std::size_t left = bytes.size() - position;
    if (left == 0) past_end = true;
    const std::size_t n = left < static_cast<std::size_t>(count) ? left : static_cast<std::size_t>(count);
    if (n) std::memcpy(to, bytes.data() + position, n);
    position += n;
    return static_cast<int>(n);
  }

  void skip(int count) {
    if (count < 0) {  // stb gives back what it has buffered
      const std::size_t back = static_cast<std::size_t>(-static_cast<std::int64_t>(count));
      position = back > position ? 0 : position - back;
      return;
    }
    const std::size_t left = bytes.size() - position;
    if (static_cast<std::size_t>(count) > left) past_end = true;
    position += static_cast<std::size_t>(count) > left ? left : static_cast<std::size_t>(count);
  }
};

}  // namespace brindle::image::internal
