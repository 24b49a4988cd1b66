// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/cpu_lanes.hpp"
#include "brindle/ops/cpu_packets.hpp"

// What batch normalization does to rows of channels, and a convolution to those that it has just stored.
namespace brindle::ops::kernel {

/// In packets: compilers make none of a plain loop over channels at -O2.
template <class F, class P, class T>
void normalize_packets(const T* mean, const T* factor, const T* shift, const T* x, const T* residual, T* y,
                       std::int64_t rows, std::int64_t step, std::int64_t count) {
  each_packets<P>(count, [&]<int packets>(const std::int64_t(&at)[packets]) {
    using V = Lanes<T, packet_size<P>()>;
    V means[packets], factors[packets], shifts[packets];
    for (int j = 0; j < packets; ++j)
      means[j] = V::load(mean + at[j]), factors[j] = V::load(factor + at[j]), shifts[j] = V::load(shift + at[j]);
    for (std::int64_t i = 0; i < rows * step; i += step) {
      V value[packets];  // all are read before one is written: two packets may overlap
#pragma GCC unroll 4
      for (int j = 0; j < packets; ++j) {
        value[j] = multiply_add(V::load(x + i + at[j]) - means[j], factors[j], shifts[j]);
        if (residual) value[j] = value[j] + V::load(residual + i + at[j]);
      }
#pragma GCC unroll 4
      for (int j = 0; j < packets; ++j) F::value(value[j]).store(y + i + at[j]);
    }
  });
}

/// y = f((x - mean) factor + shift) of `rows` rows of `count` channels, which begin `step` elements apart; F is a
/// functor of activations without state. residual: added before f, unless null. x and y may be the same.
template <class F, class T>
void normalize_rows(const T* mean, const T* factor, const T* shift, const T* x, const T* residual, T* y,
                    std::int64_t rows, std::int64_t step, std::int64_t count) {
  with_packet<T>(count,
                 [&]<class P>() { normalize_packets<F, P>(mean, factor, shift, x, residual, y, rows, step, count); });
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
  with_clamp(f, [&]<class F>(F) {
    normalize_rows<F, T>(by.mean.data, by.factor.data, by.shift.data, x, nullptr, y, rows, channels, channels);
  });
}

/// In place of `rows` rows of all channels, one behind the other: f((y - mean) factor + shift), with the residual added
/// before f unless it is null, at `count` channels from `first` on. f is any activation but softmax. By the calling
/// thread.
template <class T>
[[gnu::noinline]] void normalize_stored(const ChannelNormalization<T, Cpu>& by, ActivationFunction f, const T* residual,
                                        T* y, std::int64_t rows, std::int64_t first, std::int64_t count) {
  const std::int64_t channels = by.mean.size();
  const bool apart = !batch_normalization_activates<Cpu>(f);
  with_clamp(f, [&]<class F>(F) {
    normalize_rows<F, T>(by.mean.data + first, by.factor.data + first, by.shift.data + first, y + first,
                         residual ? residual + first : nullptr, y + first, rows, channels, count);
  });
  if (apart) activate_rows(f, y + first, rows, channels, count);
}

/// The same at all channels.
template <class T>
void normalize_stored(const ChannelNormalization<T, Cpu>& by, ActivationFunction f, const T* residual, T* y,
                      std::int64_t rows) {
  normalize_stored(by, f, residual, y, rows, 0, by.mean.size());
}

}  // namespace brindle::ops::kernel
