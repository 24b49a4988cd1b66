#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/image/picture.hpp"

/// An array of bytes (H, W, 3) or (H, W) of goldens/loadimg.npz, a zip of stored .npy files (goldens/README.md).
inline brindle::image::Picture golden_picture(const std::string& name) {
  const std::vector<std::uint8_t> zip = brindle::read_file(std::filesystem::path(BRINDLE_GOLDENS) / "loadimg.npz");
  const auto number = [&](std::size_t at, int bytes) {
    std::size_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) value = value << 8 | zip.at(at + static_cast<std::size_t>(i));
    return value;
  };
  for (std::size_t at = 0; number(at, 4) == 0x04034b50u;) {
    const std::size_t size = number(at + 18, 4), name_length = number(at + 26, 2), extra = number(at + 28, 2);
    const std::string entry(reinterpret_cast<const char*>(zip.data()) + at + 30, name_length);
    const std::size_t content = at + 30 + name_length + extra;
    at = content + size;
    if (entry != name + ".npy") continue;
    const std::size_t header = number(content + 8, 2);
    const std::string text(reinterpret_cast<const char*>(zip.data()) + content + 10, header);
    std::size_t digit = text.find("'shape': (") + 10;
    std::vector<std::int64_t> shape;
    while (text[digit] != ')') {
      std::size_t used = 0;
      shape.push_back(std::stoll(text.substr(digit), &used));
      digit += used;
      while (text[digit] == ',' || text[digit] == ' ') ++digit;
    }
    brindle::image::Picture picture(shape.at(0), shape.at(1), shape.size() == 3 ? shape[2] : 1);
    std::memcpy(picture.pixels.data(), zip.data() + content + 10 + header, picture.pixels.size());
    return picture;
  }
  throw std::runtime_error("loadimg.npz has no " + name);
}
