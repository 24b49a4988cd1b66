// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"

namespace brindle {

/// What a layer does to each channel, if no more than this, with numbers that stand still during the pass:
///
///     y = (x - mean) / sqrt(variance + epsilon) gamma + beta
template <class T, class Device>
struct MovingNormalization {
  TensorView<const T, Device> mean;      ///< (C)
  TensorView<const T, Device> variance;  ///< (C)
  TensorView<const T, Device> gamma;     ///< (C), or empty: 1
  TensorView<const T, Device> beta;      ///< (C), or empty: 0
  double epsilon = 0;                    ///< added to the variance
};

namespace detail {

/// Bytes in front of a workspace for what a convolution takes of a normalization of so many channels.
template <class T>
constexpr std::int64_t normalization_bytes(std::int64_t channels) {
  return (2 * channels * static_cast<std::int64_t>(sizeof(T)) + 63) / 64 * 64;
}

/// That, made at the front of the workspace, which is shortened by it.
template <class T, class Device>
ops::ChannelNormalization<T, Device> channel_normalization(const Device& on, const MovingNormalization<T, Device>& of,
                                                           TensorView<std::byte, Device>& workspace) {
  const std::int64_t channels = of.mean.size(), bytes = normalization_bytes<T>(channels);
  T* at = reinterpret_cast<T*>(workspace.data);
  const TensorView<T, Device> factor{at, {channels}}, shift{at + channels, {channels}};
  ops::batch_normalization_factors<T>(on, of.variance, of.gamma, of.beta, of.epsilon, factor, shift);
  workspace = {workspace.data + bytes, {workspace.size() - bytes}};
  return {of.mean, factor, shift};
}

}  // namespace detail
}  // namespace brindle
