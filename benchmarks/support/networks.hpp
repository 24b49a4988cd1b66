// SPDX-License-Identifier: MIT
#pragma once

#include <brindle/models/vgg16.hpp>
#include <brindle/nn/nn.hpp>
#include <cstdint>

// The networks of the experiments, for photos of side x side pixels.
namespace brindle::bench {

/// Experiment 1: three convolutions and, at 150x150, 18.9 million weights behind them.
template <class Device>
Sequential<float, Device> baseline(const Device& on, std::int64_t side = 150) {
  return {on,
          {side, side, 3},
          Conv2D{16, 3, relu},
          MaxPool2D{2},
          Conv2D{64, 3, relu},
          MaxPool2D{2},
          Conv2D{128, 3, relu},
          MaxPool2D{2},
          Flatten{},
          Dense{512, relu},
          Dense{1, sigmoid}};
}

/// Experiments 2 and 3: a convolution more, and dropout.
template <class Device>
Sequential<float, Device> regularised(const Device& on, std::int64_t side = 150) {
  return {on,
          {side, side, 3},
          Conv2D{16, 3, relu},
          MaxPool2D{2},
          Conv2D{64, 3, relu},
          MaxPool2D{2},
          Conv2D{128, 3, relu},
          MaxPool2D{2},
          Conv2D{128, 3, relu},
          MaxPool2D{2},
          Flatten{},
          Dense{512, relu},
          Dropout{0.3},
          Dense{512, relu},
          Dropout{0.3},
          Dense{1, sigmoid}};
}

/// What experiment 4 learns on the features that VGG16 gives.
template <class Device>
Sequential<float, Device> head(const Device& on, std::int64_t features = 8192) {
  return {on, {features}, Dense{512, relu}, Dropout{0.3}, Dense{512, relu}, Dropout{0.3}, Dense{1, sigmoid}};
}

/// Experiment 5: VGG16 with that head, which alone learns.
template <class Device>
Sequential<float, Device> frozen(const Device& on, std::int64_t side = 150) {
  Sequential<float, Device> model{models::vgg16<float>(on, {side, side, 3}),
                                  Flatten{},
                                  Dense{512, relu},
                                  Dropout{0.3},
                                  Dense{512, relu},
                                  Dropout{0.3},
                                  Dense{1, sigmoid}};
  model.set_trainable("vgg16", false);
  return model;
}

/// Experiment 6: the same, learning from block4_conv1 on.
template <class Device>
Sequential<float, Device> fine_tuned(const Device& on, std::int64_t side = 150) {
  auto model = frozen(on, side);
  model.freeze_before("block4_conv1");
  return model;
}

}  // namespace brindle::bench
