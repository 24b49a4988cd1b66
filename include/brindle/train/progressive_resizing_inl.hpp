// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what progressive_resizing.hpp declares.
#include <cstddef>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/nn/resized.hpp"
#include "brindle/train/progressive_resizing.hpp"

namespace brindle {

template <class T, class Device>
void progressive_resizing(Model<T, Device>& model, const std::vector<Size2>& sizes,
                          std::type_identity_t<FunctionRef<void(Model<T, Device>& at, Size2 size)>> train,
                          const LayerRegistry<T, Device>& registry) {
  const Shape& own = model.input_shape();
  if (own.rank() != 3)
    detail::raise<ShapeError>("progressive_resizing: the model takes samples of " + to_string(own) +
                              ", expected pictures (rows, columns, channels)");
  std::vector<Model<T, Device>> small;
  for (const Size2 size : sizes) small.push_back(resized(model, Shape{size.h, size.w, own[2]}, registry));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0) detail::copy_weights(model, small[i]);
    try {
      train(small[i], sizes[i]);
    } catch (...) {
      detail::copy_weights(small[i], model);
      throw;
    }
    detail::copy_weights(small[i], model);
  }
  train(model, Size2{own[0], own[1]});
}

}  // namespace brindle
