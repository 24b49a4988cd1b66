// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"

// What batch normalization does to rows of channels, and a convolution to those that it has just stored.
namespace brindle::ops::kernel {

/// Channels that are worked on at a time, so that their factors stay in the first cache.
inline constexpr std::int64_t normalized_channels = 64;

/// y = f((x - mean) factor + shift) of `rows` rows of `count` channels, which begin `step` elements apart; f is a
/// functor of activations. There are no more channels than normalized_channels. residual: added before f, unless null.
/// x and y may be the same.
template <class T, class F>
void normalize_rows(const T* mean, const T* factor, const T* shift, const T* x, const T* residual, T* y,
                    std::int64_t rows, std::int64_t step, std::int64_t count, const F& f) {
  alignas(64) T m[normalized_channels], scale[normalized_channels], offset[normalized_channels];
  std::copy_n(mean, count, m);  // the compiler sees that nothing else changes them
  std::copy_n(factor, count, scale);
  std::copy_n(shift, count, offset);
  if (residual)
    for (std::int64_t r = 0; r < rows; ++r, x += step, y += step, residual += step)
      for (std::int64_t i = 0; i < count; ++i) y[i] = f.value((x[i] - m[i]) * scale[i] + offset[i] + residual[i]);
  else
    for (std::int64_t r = 0; r < rows; ++r, x += step, y += step)
      for (std::int64_t i = 0; i < count; ++i) y[i] = f.value((x[i] - m[i]) * scale[i] + offset[i]);
}

/// call(f) with the functor of one of those that batch_normalization_activates() names.
template <class G>
void with_clamp(ActivationFunction f, G&& call) {
  if (f == ActivationFunction::relu) return call(activations::Relu{});
  if (f == ActivationFunction::relu6) return call(activations::Relu6{});
  call(activations::Linear{});
}

/// y = f((x - mean) factor + shift) of `rows` rows of all channels, one behind the other; f is linear, relu or relu6.
/// By the calling thread.
template <class T>
[[gnu::noinline]] void normalize_all(const ChannelNormalization<T, Cpu>& by, ActivationFunction f, const T* x, T* y,
                                     std::int64_t rows) {
  const std::int64_t channels = by.mean.size();
  with_clamp(f, [&](auto function) {
    for (std::int64_t c = 0; c < channels; c += normalized_channels)
      normalize_rows<T>(by.mean.data + c, by.factor.data + c, by.shift.data + c, x + c, nullptr, y + c, rows, channels,
                        std::min(normalized_channels, channels - c), function);
  });
}

/// In place of `rows` rows of all channels, one behind the other: f((y - mean) factor + shift), with the residual added
/// before f unless it is null. f is any activation but softmax. By the calling thread.
template <class T>
[[gnu::noinline]] void normalize_stored(const ChannelNormalization<T, Cpu>& by, ActivationFunction f, const T* residual,
                                        T* y, std::int64_t rows) {
  const std::int64_t channels = by.mean.size();
  const bool apart = !batch_normalization_activates<Cpu>(f);
  with_clamp(f, [&](auto function) {
    for (std::int64_t c = 0; c < channels; c += normalized_channels)
      normalize_rows(by.mean.data + c, by.factor.data + c, by.shift.data + c, y + c, residual ? residual + c : nullptr,
                     y + c, rows, channels, std::min(normalized_channels, channels - c), function);
  });
  if (apart) activate_range(f, y, y, rows * channels);
}

}  // namespace brindle::ops::kernel
