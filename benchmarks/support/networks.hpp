#pragma once

#include <brindle/brindle.hpp>

namespace brindle::bench {

/// Experiment 1: three convolutions and 18.9 million weights behind them.
inline Sequential<float> baseline(const Cpu& on) {
  return {on,
          {150, 150, 3},
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

/// Experiment 2: a convolution more, and dropout.
inline Sequential<float> regularised(const Cpu& on) {
  return {on,
          {150, 150, 3},
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

/// What experiment 3 learns on the features that VGG16 gives.
inline Sequential<float> head(const Cpu& on) {
  return {on, {8192}, Dense{512, relu}, Dropout{0.3}, Dense{512, relu}, Dropout{0.3}, Dense{1, sigmoid}};
}

/// VGG16 with that head, learning from block4_conv1 on.
inline Sequential<float> fine_tuned(const Cpu& on) {
  Sequential<float> model{models::vgg16<float>(on, {150, 150, 3}),
                          Flatten{},
                          Dense{512, relu},
                          Dropout{0.3},
                          Dense{512, relu},
                          Dropout{0.3},
                          Dense{1, sigmoid}};
  model.freeze_before("block4_conv1");
  return model;
}

}  // namespace brindle::bench
