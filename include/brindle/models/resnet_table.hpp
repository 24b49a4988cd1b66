// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace brindle::models::detail {

/// A column of the paper's table 1, and the house by which it is built.
struct ResNetTable {
  std::string name;
  bool bottleneck;            // blocks of 1x1, 3x3, 1x1 convolutions; else of two 3x3
  std::array<int, 4> blocks;  // of each stage
  bool keras;                 // its biases, stride, numbers and names; else torchvision's
  std::int64_t width, classes;
  bool include_top;

  /// Names of blocks, both counted from 0.
  std::string block(int stage, int number) const {
    return keras ? "conv" + std::to_string(stage + 2) + "_block" + std::to_string(number + 1) + "_"
                 : "layer" + std::to_string(stage + 1) + "." + std::to_string(number) + ".";
  }
  /// Names of their layers: "1_conv" or "conv1"; number 0: on the way past the others.
  std::string part(const std::string& kind, int number) const {
    if (!keras && number == 0) return kind == "conv" ? "downsample.0" : "downsample.1";
    return keras ? std::to_string(number) + "_" + kind : kind + std::to_string(number);
  }
};

}  // namespace brindle::models::detail
