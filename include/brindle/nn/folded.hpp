// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/nn/model.hpp"

namespace brindle {

/// The same function for prediction with fewer layers, which is faster and takes less memory:
///
///     BatchNormalization behind a Conv2D, DepthwiseConv2D or Dense      into its kernel and bias
///     an activation behind one of these, or behind what became of it    into its own activation
///     ZeroPadding2D in front of a convolution without padding           into its padding
///     Rescaling or Normalization in front of a Conv2D or Dense          into its kernel and bias
///     Dropout, and activations that are linear                          left out
///
/// where nothing else reads what stands between them, and no zeros are put around what a Rescaling has shifted. Outputs
/// agree up to rounding. Layers keep the name of the one with the kernel; groups theirs, unless none of their layers is
/// left. L2 penalties stay with the kernels, which are other ones then. The weights are fixed, see
/// Model::fix_weights(), until something changes them. What is trained on a folded model trains without statistics of
/// batches: as if its BatchNormalization ran as in prediction.
template <class T, class Device>
Model<T, Device> folded(Model<T, Device>&& model);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/folded_inl.hpp"
#endif
