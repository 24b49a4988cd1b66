// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::io::detail {

/// The shapes of what a layer learns that reads these values of the model: for what reads models from files, whose
/// sizes are checked before a layer takes memory for them. Throws ShapeError or ValueError where it does not take them.
template <class T, class Device>
std::vector<ParameterSpec> checked_specs(const Model<T, Device>& model, const Layer<T, Device>& layer,
                                         const std::vector<std::size_t>& inputs) {
  std::vector<Shape> x;
  std::int64_t elements = 0;  // of all, so that their sum in a damaged file's Concatenate is a number
  for (const std::size_t value : inputs) {
    x.push_back(model.graph().value_shape(value));
    constexpr std::int64_t most = std::int64_t{1} << 48;
    if (x.back().size() > most - elements)
      brindle::detail::raise<ValueError>(layer.who() + ": reads more than 2^48 numbers a sample");
    elements += x.back().size();
  }
  if (const MergeLayer<T, Device>* merge = layer.merge()) {
    merge->output_shape(std::span<const Shape>(x));
    return {};
  }
  if (x.size() != 1)
    brindle::detail::raise<ValueError>(layer.who() + ": reads one value, got " + std::to_string(x.size()));
  layer.output_shape(x.front());
  return layer.parameter_specs(x.front());
}

}  // namespace brindle::io::detail
