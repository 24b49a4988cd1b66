// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::detail {

/// Whether no element is NaN or infinite.
template <class T>
bool all_finite(TensorView<const T, Cpu> x);

/// Throws the NumericsError of a training step whose loss is not finite, naming the layer that first produced a value
/// that is not: runs the step's forward pass again on its batch x, or leaf of it, layer by layer. each: the loss of
/// each sample, whose names messages give after `who`.
template <class T, class Device>
[[noreturn]] void raise_not_finite(const std::string& who, const Device& on, const Model<T, Device>& model,
                                   TensorView<const T, Device> x, TensorView<const T, Device> each, double loss,
                                   std::int64_t step, std::uint64_t seed, SampleNames names, std::uint32_t leaf = 0);

/// Throws NumericsError, beginning with `who`, naming the first layer with a weight that is not finite behind an epoch:
/// the loss of its last step was that of the weights before. Of a model on a GPU the next epoch's loss tells it.
template <class T, class Device>
void expect_finite_weights(const char* who, const Model<T, Device>& model, std::int64_t epoch);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/finite_inl.hpp"
#endif
