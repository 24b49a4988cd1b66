// SPDX-License-Identifier: MIT
#include <brindle/core/version.hpp>
#include <brindle/nn/flatten.hpp>
#include <brindle/nn/sequential.hpp>
#include <cstdio>

int main() {
  const brindle::Sequential<float> model{{4, 4, 3}, brindle::Flatten{}};
  std::printf("brindle %d.%d.%d: %s\n", BRINDLE_VERSION_MAJOR, BRINDLE_VERSION_MINOR, BRINDLE_VERSION_PATCH,
              to_string_batch(model.output_shape()).c_str());
}
