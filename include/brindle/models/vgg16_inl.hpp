// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what vgg16.hpp declares.

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/models/vgg16.hpp"
#include "brindle/nn/conv2d.hpp"
#include "brindle/nn/dense.hpp"
#include "brindle/nn/flatten.hpp"
#include "brindle/nn/max_pooling2d.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models {

template <class T, class Device>
Model<T, Device> vgg16(const Shape& input, const VGG16Options& options) {
  return vgg16<T, Device>(Device{}, input, options);
}

}  // namespace brindle::models
