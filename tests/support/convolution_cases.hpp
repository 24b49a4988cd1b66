// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"

namespace brindle::test {

/// One convolution.
struct ConvolutionCase {
  Shape4 x;
  ops::FilterShape w;
  ops::Conv2DOptions o;
};

/// Each kernel, channels that fill packets and such as do not, pictures that fill tiles and such as do not.
inline std::vector<ConvolutionCase> convolution_cases() {
  const auto same = Padding::same;
  return {{{2, 7, 7, 40}, {1, 1, 40, 64}, {}},
          {{3, 8, 9, 300}, {1, 1, 300, 24}, {}},
          {{2, 8, 9, 13}, {1, 1, 13, 48}, {.stride = 2}},
          {{2, 14, 13, 16}, {3, 3, 16, 70}, {.padding = same}},
          {{1, 9, 9, 33}, {3, 3, 33, 40}, {.padding = same}},
          {{2, 70, 66, 16}, {3, 3, 16, 33}, {.padding = same}},
          {{2, 6, 4, 12}, {3, 3, 12, 12}, {.padding = same}},
          {{1, 11, 10, 20}, {3, 3, 20, 36}, {.stride = 2, .padding = same}},
          {{1, 11, 12, 6}, {3, 3, 6, 35}, {.padding = same, .dilation = 2}},
          {{2, 9, 8, 12}, {3, 3, 4, 30}, {.padding = same, .groups = 3}}};
}

}  // namespace brindle::test
