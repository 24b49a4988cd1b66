// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// (x[i] - mean)^2 of its channel; what its sums are divided by comes later.
template <class T>
struct SquaresAroundMean {
  const T* x;
  const T* mean;
  T* squares;
  std::int64_t channels;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T off = x[i] - mean[i % channels];
    squares[i] = off * off;
  }
};

/// sums[c] becomes a mean.
template <class T>
struct DivideBy {
  T* sums;
  T count;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t c) const { sums[c] /= count; }
};

/// Channel c of a ChannelNormalization. gamma, beta: one a channel, or null.
template <class T>
struct NormalizationFactors {
  const T* variance;
  const T* gamma;
  const T* beta;
  T* factor;
  T* shift;
  T epsilon;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t c) const {
    factor[c] = T(1) / std::sqrt(variance[c] + epsilon);
    if (gamma) factor[c] *= gamma[c];
    shift[c] = beta ? beta[c] : T(0);
  }
};

/// Element i in place, by that. residual: added, or null.
template <class T>
struct NormalizeByFactors {
  T* y;
  const T* mean;
  const T* factor;
  const T* shift;
  const T* residual;
  std::int64_t channels;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % channels;
    y[i] = (y[i] - mean[c]) * factor[c] + shift[c];
    if (residual) y[i] += residual[i];
  }
};

/// Element i of y. gamma, beta: one a channel, or null.
template <class T>
struct BatchNormalizationForward {
  const T* x;
  const T* mean;
  const T* variance;
  const T* gamma;
  const T* beta;
  T* y;
  std::int64_t channels;
  T epsilon;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % channels;
    T factor = T(1) / std::sqrt(variance[c] + epsilon);
    if (gamma) factor *= gamma[c];
    y[i] = (x[i] - mean[c]) * factor + (beta ? beta[c] : T(0));
  }
};

/// dy times the normal x, whose sums are the gradient by gamma.
template <class T>
struct BatchNormalizationScales {
  const T* x;
  const T* mean;
  const T* variance;
  const T* dy;
  T* scales;
  std::int64_t channels;
  T epsilon;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % channels;
    scales[i] = dy[i] * (x[i] - mean[c]) / std::sqrt(variance[c] + epsilon);
  }
};

/// Element i of dx. scale, shift: the gradients by gamma and beta, or null where mean and variance stand still.
template <class T>
struct BatchNormalizationBackward {
  const T* x;
  const T* mean;
  const T* variance;
  const T* gamma;  ///< null: 1
  const T* dy;
  const T* scale;
  const T* shift;
  T* dx;
  std::int64_t channels;
  T count;  ///< rows
  T epsilon;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % channels;
    const T factor = T(1) / std::sqrt(variance[c] + epsilon);
    const T turn = scale ? (shift[c] + (x[i] - mean[c]) * factor * scale[c]) / count : T(0);
    dx[i] = factor * (gamma ? gamma[c] : T(1)) * (dy[i] - turn);
  }
};

/// value[i] goes a part of the way to now[i].
template <class T>
struct FollowAverage {
  T* value;
  const T* now;
  T keep, take;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { value[i] = value[i] * keep + now[i] * take; }
};

}  // namespace brindle::ops::kernel
