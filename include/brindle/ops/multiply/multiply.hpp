// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// A batch of samples as pictures of `positions` pixels with `channels` each, and which of the two a factor has: one
/// that is multiplied with a batch may hold one number a channel (a gate of squeeze-and-excitation), one a position, or
/// one a sample.
struct FactorShape {
  std::int64_t samples = 0;    ///< N
  std::int64_t positions = 0;  ///< H W
  std::int64_t channels = 0;   ///< C
  bool each_position = true;   ///< the factor has them all; else one for all
  bool each_channel = true;    ///< the same of channels

  /// Elements that the factor has for a sample.
  std::int64_t factor_size() const { return (each_position ? positions : 1) * (each_channel ? channels : 1); }

  /// The number of the factor's element for a position and channel of a sample.
  std::int64_t factor_of(std::int64_t sample, std::int64_t position, std::int64_t channel) const {
    return sample * factor_size() + (each_position ? position : 0) * (each_channel ? channels : 1) +
           (each_channel ? channel : 0);
  }

  /// x: a batch (N, ..., C); factor: (N, ...) of the same rank, each size that of x or 1, but of those between the
  /// first and the last either all or none. None where it is no such factor.
  static std::optional<FactorShape> fitting(const Shape& x, const Shape& factor) {
    FactorShape s;
    bool fits = x.rank() >= 2 && factor.rank() == x.rank() && factor[0] == x[0];
    if (fits) {
      s.samples = x[0];
      s.channels = x.back();
      s.positions = 1;
      std::int64_t positions = 1;  // of the factor
      for (int i = 1; i + 1 < x.rank(); ++i) {
        s.positions *= x[i];
        positions *= factor[i];
        fits = fits && (factor[i] == x[i] || factor[i] == 1);
      }
      s.each_position = positions == s.positions;
      s.each_channel = factor.back() == s.channels;
      fits = fits && (s.each_position || positions == 1) && (s.each_channel || factor.back() == 1);
    }
    return fits ? std::optional<FactorShape>(s) : std::nullopt;
  }

  /// The same. Throws ShapeError, beginning with `op`, where it does not fit.
  static FactorShape of(const char* op, const Shape& x, const Shape& factor) {
    if (const auto s = fitting(x, factor)) return *s;
    brindle::detail::raise<ShapeError>(std::string(op) + ": expected a factor of " + to_string(x) +
                                       ", of its channels or of its positions, got " + to_string(factor));
  }
};

namespace kernel {
template <class T, class Device>
struct multiply;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// y = x factor, where the factor may hold one number for all positions, for all channels or for both.
///
///     x, y (N, ..., C): y may be the memory of x
///     factor: the shape of x, or (N, 1, ..., C), (N, ..., 1), (N, 1, ..., 1)
template <class T, class Device>
void multiply(const Device& on, In<T, Device> x, In<T, Device> factor, Out<T, Device> y) {
  detail::expect_shape("multiply", "y", x.shape, y.shape);
  kernel::multiply<T, Device>::forward(on, x, factor, y, FactorShape::of("multiply", x.shape, factor.shape));
}

/// The gradient by the factor: dfactor = the sums of dy x over what the factor has one number for. The gradient by x is
/// multiply(dy, factor).
///
///     x, dy (N, ..., C), dfactor as the factor; it may be the memory of dy where it has its shape
///
/// Each sum goes over the positions in their order, and over the channels in theirs.
template <class T, class Device>
void multiply_backward(const Device& on, In<T, Device> x, In<T, Device> dy, Out<T, Device> dfactor) {
  detail::expect_shape("multiply_backward", "dy", x.shape, dy.shape);
  kernel::multiply<T, Device>::backward(on, x, dy, dfactor,
                                        FactorShape::of("multiply_backward", x.shape, dfactor.shape));
}

namespace reference {

template <class T>
void multiply(In<T, Cpu> x, In<T, Cpu> factor, Out<T, Cpu> y) {
  const FactorShape s = FactorShape::of("multiply", x.shape, factor.shape);
  for (std::int64_t n = 0; n < s.samples; ++n)
    for (std::int64_t p = 0; p < s.positions; ++p)
      for (std::int64_t c = 0; c < s.channels; ++c) {
        const std::int64_t i = (n * s.positions + p) * s.channels + c;
        y.data[i] = x.data[i] * factor.data[s.factor_of(n, p, c)];
      }
}

template <class T>
void multiply_backward(In<T, Cpu> x, In<T, Cpu> dy, Out<T, Cpu> dfactor) {
  const FactorShape s = FactorShape::of("multiply_backward", x.shape, dfactor.shape);
  const bool same = s.each_position && s.each_channel;
  for (std::int64_t i = 0; i < dfactor.size(); ++i) dfactor.data[i] = same ? x.data[i] * dy.data[i] : T(0);
  if (same) return;
  for (std::int64_t n = 0; n < s.samples; ++n)
    for (std::int64_t p = 0; p < s.positions; ++p)
      for (std::int64_t c = 0; c < s.channels; ++c) {
        const std::int64_t i = (n * s.positions + p) * s.channels + c;
        dfactor.data[s.factor_of(n, p, c)] += x.data[i] * dy.data[i];
      }
}

}  // namespace reference
}  // namespace brindle::ops
