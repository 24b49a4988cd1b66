// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/image/picture.hpp"

/// All arrays of bytes (H, W, 3) or (H, W) of a zip of stored .npy files, by their names.
inline std::map<std::string, brindle::image::Picture> golden_pictures(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> zip = brindle::read_file(path);
  const auto number = [&](std::size_t at, int bytes) {
    std::size_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) value = value << 8 | zip.at(at + static_cast<std::size_t>(i));
    return value;
  };
  std::map<std::string, brindle::image::Picture> pictures;
  for (std::size_t at = 0; number(at, 4) == 0x04034b50u;) {
    const std::size_t size = number(at + 18, 4), name_length = number(at + 26, 2), extra = number(at + 28, 2);
    const std::string entry(reinterpret_cast<const char*>(zip.data()) + at + 30, name_length);
    const std::size_t content = at + 30 + name_length + extra;
    at = content + size;
    const std::size_t header = number(content + 8, 2);
    const std::string text(reinterpret_cast<const char*>(zip.data()) + content + 10, header);
    if (text.find("'|u1'") == std::string::npos) continue;
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
    pictures[entry.substr(0, entry.size() - 4)] = picture;
  }
  return pictures;
}

/// One of goldens/loadimg.npz (goldens/README.md).
inline brindle::image::Picture golden_picture(const std::string& name) {
  return golden_pictures(std::filesystem::path(BRINDLE_GOLDENS) / "loadimg.npz").at(name);
}
