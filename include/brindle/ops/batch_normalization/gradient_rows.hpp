// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>

#include "brindle/core/cpu.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/cpu_lanes.hpp"
#include "brindle/ops/cpu_packets.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

// What the backward pass of batch normalization does to rows of channels, and a convolution to those that it reads or
// has just stored. All by the calling thread.
namespace brindle::ops::kernel {

/// dy where F lets it pass; `off` is x - mean. F is a functor of activations without state: y is computed again.
template <class F, class V>
[[gnu::always_inline]] inline V passed(V off, V factor, V shift, V dy) {
  if constexpr (std::is_same_v<F, activations::Linear>)
    return dy;
  else
    return F::gradient(multiply_add(off, factor, shift), dy);
}

/// Calls for what the loops below read soon. From memory, the processor by itself brings two arrays too late: 20 in
/// place of 34 GB of x a second for the sums of 80 MB; where all is in the cache, to call costs a tenth.
template <class T>
[[gnu::always_inline]] inline void read_soon(const T* x, const T* dy) {
  constexpr std::int64_t ahead = 2048 / sizeof(T);
  brindle::detail::prefetch(x + ahead);
  brindle::detail::prefetch(dy + ahead);
}

template <class F, class P, class T>
void gradient_sums(const ChannelNormalization<T, Cpu>& by, const T* x, const T* dy, std::int64_t rows,
                   std::int64_t channels, T* scales, T* shifts) {
  each_packets<P>(channels, [&]<int packets>(const std::int64_t(&at)[packets]) {
    using V = Lanes<T, packet_size<P>()>;
    V scale[packets], shift[packets], mean[packets], factor[packets], offset[packets];
    for (int j = 0; j < packets; ++j) {
      scale[j] = shift[j] = V(0);
      mean[j] = V::load(by.mean.data + at[j]);
      factor[j] = V::load(by.factor.data + at[j]), offset[j] = V::load(by.shift.data + at[j]);
    }
    for (std::int64_t r = 0; r < rows; ++r)
#pragma GCC unroll 4
      for (int j = 0; j < packets; ++j) {
        const std::int64_t i = r * channels + at[j];
        read_soon(x + i, dy + i);
        const V off = V::load(x + i) - mean[j];
        const V g = passed<F>(off, factor[j], offset[j], V::load(dy + i));
        scale[j] = multiply_add(g, off, scale[j]);
        shift[j] = shift[j] + g;
      }
    for (int j = 0; j < packets; ++j) scale[j].store(scales + at[j]), shift[j].store(shifts + at[j]);
  });
}

/// For each channel of some rows the sums of g (x - mean) and of g = dy where the activation lets it pass, else 0.
template <class T>
[[gnu::noinline]] void gradient_sums_of_rows(const Prologue<T, Cpu>& forward, const T* x, const T* dy,
                                             std::int64_t rows, T* scales, T* shifts) {
  const std::int64_t channels = forward.normalization.mean.size();
  with_clamp(forward.activation, [&]<class F>(F) {
    with_packet<T>(channels, [&]<class P>() {
      gradient_sums<F, P>(forward.normalization, x, dy, rows, channels, scales, shifts);
    });
  });
}

template <class F, class P, class T>
void gradient_rows(const GradientPrologue<T, Cpu>& by, const T* x, const T* dy, T* dx, std::int64_t dx_row,
                   std::int64_t rows, std::int64_t channels) {
  each_packets<P>(channels, [&]<int packets>(const std::int64_t(&at)[packets]) {
    using V = Lanes<T, packet_size<P>()>;
    const auto& [means, factors, shifts] = by.normalization;
    V mean[packets], factor[packets], shift[packets], along[packets], rest[packets];
    for (int j = 0; j < packets; ++j) {
      mean[j] = V::load(means.data + at[j]);
      factor[j] = V::load(factors.data + at[j]), shift[j] = V::load(shifts.data + at[j]);
      along[j] = -V::load(by.along.data + at[j]), rest[j] = -V::load(by.rest.data + at[j]);
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      V d[packets];  // all are read before one is written: two packets may overlap
#pragma GCC unroll 4
      for (int j = 0; j < packets; ++j) {
        const std::int64_t i = r * channels + at[j];
        read_soon(x + i, dy + i);
        const V off = V::load(x + i) - mean[j];
        const V g = passed<F>(off, factor[j], shift[j], V::load(dy + i));
        d[j] = multiply_add(factor[j], g, multiply_add(along[j], off, rest[j]));
      }
#pragma GCC unroll 4
      for (int j = 0; j < packets; ++j) d[j].store(dx + r * dx_row + at[j]);
    }
  });
}

/// dx of some rows, which begin dx_row elements apart there; those of x and dy lie one behind the other. dx may be dy.
template <class T>
[[gnu::noinline]] void gradient_of_rows(const GradientPrologue<T, Cpu>& by, const T* x, const T* dy, T* dx,
                                        std::int64_t dx_row, std::int64_t rows) {
  const std::int64_t channels = by.along.size();
  with_clamp(by.activation, [&]<class F>(F) {
    with_packet<T>(channels, [&]<class P>() { gradient_rows<F, P>(by, x, dy, dx, dx_row, rows, channels); });
  });
}

}  // namespace brindle::ops::kernel
