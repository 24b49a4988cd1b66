// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// How labels and parts of the loss are changed.
struct CategoricalCrossentropyOptions {
  double label_smoothing = 0;  ///< 0 to 1: labels t become t (1 - label_smoothing) + label_smoothing / K
  double gamma = 0;            ///< focal: the part of each class times (1 - its probability)^gamma
  double alpha = 1;            ///< focal: all of it times this
};

namespace kernel {
template <class T, class Device>
struct categorical_crossentropy;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Cross-entropy of a softmax layer, from the logits z before the softmax; labels are rows: one-hot, or soft with the
/// sum 1.
///
///     z, t (N, K), weight (N) or empty  ->  each (N), dz (N, K) or empty
///
/// each[n] = -alpha sum over classes of t (1 - p)^gamma log p, p = softmax(z), without the weight; stable for any
/// finite z. dz is the gradient of sum of weight each / N; with gamma 0 and alpha 1 weight (p - t) / N. dz may be the
/// memory of z. Source: keras/src/losses/losses.py, CategoricalCrossentropy and CategoricalFocalCrossentropy.
template <class T, class Device>
void categorical_crossentropy_logits(const Device& on, In<T, Device> z, In<T, Device> t, In<T, Device> weight,
                                     Out<T, Device> each, Out<T, Device> dz,
                                     const CategoricalCrossentropyOptions& o = {}) {
  detail::expect_loss_shapes("categorical_crossentropy_logits", "z", z.shape, t.shape, each.shape,
                             weight.empty() ? nullptr : &weight.shape, dz.empty() ? nullptr : &dz.shape);
  kernel::categorical_crossentropy<T, Device>::logits(on, z, t, weight, each, dz, o);
}

/// Cross-entropy of probabilities, as Keras's categorical_crossentropy: p is divided by its sum, then clipped to [1e-7,
/// 1 - 1e-7].
///
///     p, t (N, K), weight (N) or empty  ->  each (N), dp (N, K) or empty
///
/// each[n] as for logits. dp is the gradient of sum of weight each / N, whose parts are 0 where p was clipped. dp may
/// be the memory of p.
template <class T, class Device>
void categorical_crossentropy(const Device& on, In<T, Device> p, In<T, Device> t, In<T, Device> weight,
                              Out<T, Device> each, Out<T, Device> dp, const CategoricalCrossentropyOptions& o = {}) {
  detail::expect_loss_shapes("categorical_crossentropy", "p", p.shape, t.shape, each.shape,
                             weight.empty() ? nullptr : &weight.shape, dp.empty() ? nullptr : &dp.shape);
  kernel::categorical_crossentropy<T, Device>::probabilities(on, p, t, weight, each, dp, o);
}

/// What one class adds to a row's loss.
template <class T>
struct CategoricalElement {
  T loss;   ///< of the class
  T slope;  ///< the derivative of the loss by log p

  /// t: label; p: probability, log_p its logarithm, other = 1 - p.
  BRINDLE_HOST_DEVICE static CategoricalElement of(T t, T p, T log_p, T other,
                                                   const CategoricalCrossentropyOptions& o) {
    const T by = static_cast<T>(o.alpha) * t, gamma = static_cast<T>(o.gamma);
    if (!(gamma > T(0))) return {-by * log_p, -by};
    if (!(other > T(0))) return {T(0), T(0)};
    const T less = std::pow(other, gamma - T(1)), factor = less * other;
    return {-by * factor * log_p, by * (gamma * p * less * log_p - factor)};
  }
};

namespace reference {

/// Label i of a row of k, smoothed.
template <class T>
BRINDLE_HOST_DEVICE T smoothed_label(const T* t, std::int64_t i, std::int64_t k,
                                     const CategoricalCrossentropyOptions& o) {
  const T by = static_cast<T>(o.label_smoothing);
  return o.label_smoothing == 0 ? t[i] : t[i] * (T(1) - by) + by / static_cast<T>(k);
}

/// One row of categorical_crossentropy_logits. dz may be z or null; factor: weight / N.
template <class T>
BRINDLE_HOST_DEVICE T categorical_crossentropy_logits(const T* z, const T* t, std::int64_t k, T factor, T* dz,
                                                      const CategoricalCrossentropyOptions& o) {
  T largest = z[0];
  for (std::int64_t i = 1; i < k; ++i) largest = largest < z[i] ? z[i] : largest;
  T sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += std::exp(z[i] - largest);
  const T log_sum = std::log(sum);
  const auto element = [&](std::int64_t i) {
    const T p = std::exp(z[i] - largest) / sum;
    return CategoricalElement<T>::of(smoothed_label(t, i, k, o), p, z[i] - largest - log_sum, T(1) - p, o);
  };
  T loss = 0, slopes = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    const CategoricalElement<T> at = element(i);
    loss += at.loss;
    slopes += at.slope;
  }
  if (dz)
    for (std::int64_t i = 0; i < k; ++i) {
      const T slope = element(i).slope;
      dz[i] = factor * (slope - std::exp(z[i] - largest) / sum * slopes);
    }
  return loss;
}

/// One row of categorical_crossentropy. dp may be p or null; factor: weight / N.
template <class T>
BRINDLE_HOST_DEVICE T categorical_crossentropy(const T* p, const T* t, std::int64_t k, T factor, T* dp,
                                               const CategoricalCrossentropyOptions& o) {
  const T low = T(1e-7), high = T(1) - low;
  T sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += p[i];
  const auto clipped = [&](std::int64_t i) {
    const T share = p[i] / sum;
    return share < low ? low : high < share ? high : share;
  };
  const auto element = [&](std::int64_t i) {
    const T c = clipped(i);
    return CategoricalElement<T>::of(smoothed_label(t, i, k, o), c, std::log(c), T(1) - c, o);
  };
  // of the loss by p[i] / sum
  const auto slope = [&](std::int64_t i) {
    const T share = p[i] / sum;
    return share < low || high < share ? T(0) : element(i).slope / share;
  };
  T loss = 0, along = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    loss += element(i).loss;
    along += slope(i) * (p[i] / sum);
  }
  if (dp)
    for (std::int64_t i = 0; i < k; ++i) dp[i] = factor * (slope(i) - along) / sum;
  return loss;
}

}  // namespace reference
}  // namespace brindle::ops
