// SPDX-License-Identifier: MIT
#pragma once

// The classes that `train --smoke` learns.
#include <brindle/image/encode.hpp>
#include <brindle/image/picture.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "drawn_pets.hpp"

namespace brindle::example_pets {

/// Two classes of drawn pets and one of balls, of unequal size, one subfolder a class.
inline void draw_three_classes(const std::filesystem::path& folder, std::uint64_t seed) {
  std::filesystem::remove_all(folder);
  draw_pets(folder / "drawn", 20, seed, 60);
  const auto move = [&](const std::string& kind, int count) {
    std::filesystem::create_directories(folder / kind);
    for (int i = 0; i < count; ++i) {
      const std::string name = kind + "." + std::to_string(i) + ".jpg";
      std::filesystem::rename(folder / "drawn" / name, folder / kind / name);
    }
  };
  move("cat", 20);
  move("dog", 15);
  std::filesystem::remove_all(folder / "drawn");
  std::filesystem::create_directories(folder / "ball");
  for (int i = 0; i < 10; ++i) {
    image::Picture ball(60, 60, 3);
    for (std::int64_t y = 0; y < 60; ++y)
      for (std::int64_t x = 0; x < 60; ++x) {
        const bool inside = (y - 30) * (y - 30) + (x - 25 - i) * (x - 25 - i) < 300 + 10 * i;
        ball.pixels[static_cast<std::size_t>((y * 60 + x) * 3)] = inside ? 220 : 40;
      }
    image::write_png(folder / "ball" / (std::to_string(i) + ".png"), ball);
  }
}

}  // namespace brindle::example_pets
