// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/models/vgg16.hpp"
#include "brindle/nn/nn.hpp"
#include "errors/wrong_use.hpp"

namespace brindle::test {

/// Layers that do not fit each other or the pictures.
inline Chapter model_mistakes() {
  return {
      "The model",
      {
          {"A layer of the wrong size: `Dense{.units = 1, .features = 100}` behind 8 features",
           [] {
             Sequential<float>{{2, 2, 2}, Flatten{}, Dense{.units = 1, .features = 100}};
           }},
          {"A convolution behind `Flatten`",
           [] {
             Sequential<float>{{8, 8, 3}, Flatten{}, Conv2D{.filters = 8, .kernel = 3}};
           }},
          {"More pools than the picture has pixels for",
           [] {
             Sequential<float>{{4, 4, 3}, MaxPool2D{2}, MaxPool2D{2}, MaxPool2D{2}};
           }},
          {"A kernel that is larger than the picture",
           [] {
             Sequential<float>{{4, 4, 3}, Conv2D{.filters = 8, .kernel = 5}};
           }},
          {"Two layers of one name",
           [] {
             Sequential<float>{{4}, Dense{.units = 2, .name = "head"}, Dense{.units = 1, .name = "head"}};
           }},
          {"Dropout of everything",
           [] {
             Sequential<float>{{4}, Dropout{1.0}};
           }},
          {"No filters",
           [] {
             Sequential<float>{{4, 4, 3}, Conv2D{.filters = 0, .kernel = 3}};
           }},
          {"An activation that there is not", [] { static_cast<void>(activation_function("mish")); }},
          {"A rectifier with a negative slope below 0",
           [] {
             Sequential<float>{{4}, ReLU{.negative_slope = -0.1}};
           }},
          {"A layer name that is not there, in `freeze_before`", [] { classifier().freeze_before("block4_conv1"); }},
          {"VGG16 for pictures that are too small",
           [] {
             models::vgg16<float>({28, 28, 3});
           }},
      }};
}

}  // namespace brindle::test
