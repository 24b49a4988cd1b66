// SPDX-License-Identifier: MIT
// Draws the pictures that the documentation's programs read: make_pets FOLDER
#include <brindle/image/encode.hpp>
#include <filesystem>

#include "drawn_pets.hpp"

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  brindle::example_pets::draw_pets(folder / "training_data", 12, 1, 60);
  brindle::example_pets::draw_pets(folder / "validation_data", 4, 2, 60);
  std::filesystem::copy_file(folder / "training_data" / "cat.0.jpg", folder / "photo.jpg",
                             std::filesystem::copy_options::overwrite_existing);
}
