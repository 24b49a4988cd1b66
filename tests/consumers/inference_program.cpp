// SPDX-License-Identifier: MIT
// What brindle/inference.hpp, and the one file of scripts/amalgamate.py, must be able to build: a saved model says what
// is on a picture.
#include <brindle/inference.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>

using namespace brindle;

int main(int, char** argv) {
  const Classifier classifier(argv[1], 1);
  image::Picture picture(40, 60, 3);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  const models::Classification c = classifier.classify(picture);
  std::printf("%s %.5f\n", c.name.c_str(), c.probability);
}
