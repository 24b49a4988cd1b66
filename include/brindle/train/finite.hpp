// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

/// For each parameter of the layers, one after the other, whether all of its values are finite; nothing of a model on a
/// GPU.
template <class T, class Device>
std::vector<bool> finite_parameters(const Model<T, Device>& model);

/// Throws NumericsError, beginning with `who`, naming the first layer with a weight that is not finite behind an epoch,
/// though the parameter was finite `before`: the loss of its last step was that of the weights before. Infinity may be
/// meant, as in the bias of a class that is never the answer. Of a model on a GPU the next epoch's loss tells it.
template <class T, class Device>
void expect_finite_weights(const char* who, const Model<T, Device>& model, const std::vector<bool>& before,
                           std::int64_t epoch);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/finite_inl.hpp"
#endif
