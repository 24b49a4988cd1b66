// SPDX-License-Identifier: MIT
#pragma once

// The network that `train` trains from nothing; scripts/gains.cpp tries ways of training on it, too.
#include <brindle/nn/nn.hpp>
#include <cstdint>

namespace example {

/// Four convolutions, for pictures (side, side, 3); probabilities of the classes. Its weights are of this seed.
template <class Device>
brindle::Sequential<float, Device> small_network(const Device& on, std::int64_t side, std::int64_t classes,
                                                 std::uint64_t seed) {
  using namespace brindle;
  // clang-format off
  Sequential<float, Device> model{on, {side, side, 3},
                                  Conv2D{16, 3, relu}, MaxPool2D{2},
                                  Conv2D{32, 3, relu}, MaxPool2D{2},
                                  Conv2D{64, 3, relu}, MaxPool2D{2},
                                  Conv2D{128, 3, relu}, MaxPool2D{2},
                                  Flatten{}, Dropout{0.3},
                                  Dense{256, relu}, Dropout{0.3},
                                  Dense{classes, softmax}};
  // clang-format on
  model.initialize(seed);
  return model;
}

}  // namespace example
