#pragma once

#include "brindle/nn/model.hpp"

namespace brindle {

/// The same function for prediction with fewer layers, which is faster and takes less memory:
///
///     BatchNormalization behind a Conv2D, DepthwiseConv2D or Dense      into its kernel and bias
///     an activation behind one of these, or behind what became of it    into its own activation
///     ZeroPadding2D in front of a convolution without padding           into its padding
///     Dropout, and activations that are linear                          left out
///
/// where nothing else reads what stands between them. Outputs agree up to rounding. Layers keep the name of the one
/// with the kernel; groups theirs, unless none of their layers is left. A folded model is not meant to be trained
/// further than by layers that are put behind it: its weights are fixed, see Model::fix_weights().
template <class T, class Device>
Model<T, Device> folded(Model<T, Device>&& model);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/folded_inl.hpp"
#endif
