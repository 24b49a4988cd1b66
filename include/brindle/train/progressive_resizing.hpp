// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/registry.hpp"

namespace brindle {

/// Trains with small pictures first, which takes a fraction of the time, and with the model's own at last:
///
///     progressive_resizing(model, {{96, 96}, {128, 128}}, [](Model<float>& at, Size2 size) {
///       const auto photos = data::image_folder("training_data", {.size = size});
///       Trainer{at, Adam{}, SparseCategoricalCrossentropy{}}.fit(photos, {.epochs = 5});
///     });
///
/// train(at, size) is called with the model for pictures of each size, and then with the model itself; the weights go
/// on from one to the next, frozen layers stay frozen. What a trainer keeps beside them, such as Adam's means, begins
/// anew. sizes may be empty; registry is for layers of the user's own. Throws before the first training: what resized()
/// throws for one of the sizes, ShapeError for a model whose samples are no pictures. If train throws, the weights
/// learned so far are in the model.
template <class T, class Device>
void progressive_resizing(Model<T, Device>& model, const std::vector<Size2>& sizes,
                          std::type_identity_t<FunctionRef<void(Model<T, Device>& at, Size2 size)>> train,
                          const LayerRegistry<T, Device>& registry = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/progressive_resizing_inl.hpp"
#endif
