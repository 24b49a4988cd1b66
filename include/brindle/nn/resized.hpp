// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/shape.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle {

/// A copy of the model for samples of another shape: the same layers, wiring, groups and weights, frozen where they
/// were.
///
///     const Model<float> large = resized(model, {224, 224, 3});
///
/// Weights must not depend on the size of a picture: convolutions, normalizations and a mean over the picture
/// (GlobalAveragePooling2D) in front of the dense layers. registry: where layers of the user's own are known. Throws
/// ShapeError naming the layer whose weights would have other sizes, or that a sample is too small for; ValueError for
/// a layer that the registry has not.
template <class T, class Device>
Model<T, Device> resized(const Model<T, Device>& model, const Shape& input,
                         const LayerRegistry<T, Device>& registry = {});

}  // namespace brindle

namespace brindle::detail {

/// Gives `to` the weights of `from`, which has the same layers with parameters of the same shapes.
template <class T, class Device>
void copy_weights(const Model<T, Device>& from, Model<T, Device>& to);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/nn/resized_inl.hpp"
#endif
