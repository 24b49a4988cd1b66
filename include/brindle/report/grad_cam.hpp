// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::report {

/// Which parts of a photo speak for a class.
///
///     x (1, input shape)  ->  (h, w) of the layer's output, 0 (nothing there) to 1 (the most)
///
/// map = relu(sum over channels k of a_k A_k), a_k = mean over positions of d score / d A_k, divided by its largest
/// value; A is the output of `layer`, the score is that of the class before softmax or sigmoid. For one sigmoid output
/// the score of class 1 is its logit, that of class 0 the negative logit. All zero where nothing speaks for the class.
/// layer: "" for the last layer with weights that still has a height and a width; in a graph for the last such layer,
/// with weights or without, that all ways from the photo to the output lead through. Throws ShapeError for an x that
/// does not fit, ValueError for a class or layer that there is not, and for a model or layer without such a map.
/// Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", 2017.
template <class T, class Device>
Tensor<float, Cpu> grad_cam(const Model<T, Device>& model, In<T, Cpu> x, std::int64_t class_number,
                            const std::string& layer = {});

/// A map drawn over its photo: the more a place counts, the more of viridis's yellow; where nothing speaks for the
/// class the photo is dark.
///
///     photo (H, W, 1 or 3), map (h, w) of 0..1  ->  (H, W, 3)
///
/// photo: what the network sees of it, image::seen(). strength: 0 (only the photo) to 1 (only the map). Throws
/// ShapeError for a photo of other channels or a map of another rank.
image::Picture grad_cam_picture(const image::Picture& photo, In<float, Cpu> map, double strength = 0.55);

/// A photo, and beside it the same under its map; both `height` pixels high.
///
///     photo (H, W, 1 or 3), map (h, w) of 0..1  ->  (height, about 2 height W / H + 4, 3)
///
/// Throws as grad_cam_picture(), and ShapeError for an empty photo.
image::Picture grad_cam_beside(const image::Picture& photo, In<float, Cpu> map, std::int64_t height = 160);

}  // namespace brindle::report

namespace brindle::report::internal {

/// The layer whose map is shown where none is named: the number of layers where there is none.
template <class T, class Device>
std::size_t last_map_layer(const Model<T, Device>& model);

}  // namespace brindle::report::internal

#ifndef BRINDLE_COMPILED
#include "brindle/report/grad_cam_inl.hpp"
#endif
