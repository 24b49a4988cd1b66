// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/host_device.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

struct BinaryCrossentropyOptions {
  bool keras2 =
      false;  ///< as Keras 2 computed it: the probability is clipped and taken back to a logit; gamma is 0 then
  double label_smoothing = 0;  ///< 0 to 1: labels t become t (1 - label_smoothing) + label_smoothing / 2
  double gamma = 0;            ///< focal: each element times (1 - pt)^gamma, pt the probability that the label had
  double alpha = -1;           ///< each element times alpha t + (1 - alpha) (1 - t); below 0: not
};

namespace kernel {
template <class T, class Device>
struct binary_crossentropy;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Binary cross-entropy of a sigmoid layer, from the logit z before the sigmoid: never NaN or infinite for finite z.
///
///     z, t (N, K), weight (N) or empty  ->  each (N), dz (N, K) or empty
///
/// each[n] = mean over K of max(z, 0) - z t + log(1 + exp(-|z|)), without the weight.
/// dz is the gradient of sum of weight each / N: weight (sigmoid(z) - t) / (N K). dz may be the memory of z.
/// With gamma or alpha the elements of the mean have the factors that the options tell, Keras's focal loss (Lin et al.,
/// 2017; losses/losses.py, BinaryFocalCrossentropy), and dz is the gradient of that.
template <class T, class Device>
void binary_crossentropy_logits(const Device& on, In<T, Device> z, In<T, Device> t, In<T, Device> weight,
                                Out<T, Device> each, Out<T, Device> dz, const BinaryCrossentropyOptions& o = {}) {
  detail::expect_loss_shapes("binary_crossentropy_logits", "z", z.shape, t.shape, each.shape,
                             weight.empty() ? nullptr : &weight.shape, dz.empty() ? nullptr : &dz.shape);
  kernel::binary_crossentropy<T, Device>::logits(on, z, t, weight, each, dz, o);
}

/// Binary cross-entropy of probabilities.
///
///     p, t (N, K), weight (N) or empty  ->  each (N), dp (N, K) or empty
///
/// each[n] = mean over K of -(t log p + (1 - t) log(1 - p)) with p clipped to [1e-7, 1 - 1e-7], without the weight.
/// dp is the gradient of sum of weight each / N, 0 where p was clipped. dp may be the memory of p.
template <class T, class Device>
void binary_crossentropy(const Device& on, In<T, Device> p, In<T, Device> t, In<T, Device> weight, Out<T, Device> each,
                         Out<T, Device> dp, const BinaryCrossentropyOptions& o = {}) {
  detail::expect_loss_shapes("binary_crossentropy", "p", p.shape, t.shape, each.shape,
                             weight.empty() ? nullptr : &weight.shape, dp.empty() ? nullptr : &dp.shape);
  kernel::binary_crossentropy<T, Device>::probabilities(on, p, t, weight, each, dp, o);
}

/// Loss and derivative of one element.
template <class T>
struct LossElement {
  T loss;        ///< >= 0
  T derivative;  ///< by z or by p

  /// Of logit z and label t in [0, 1].
  BRINDLE_HOST_DEVICE static LossElement logit(T z, T t, const BinaryCrossentropyOptions& o) {
    t = smoothed(t, o);
    const T tail = std::exp(-std::abs(z));  // in (0, 1]: neither form of the sigmoid overflows
    const T large = T(1) / (T(1) + tail), small = tail / (T(1) + tail);
    const T p = z >= T(0) ? large : small;
    if (o.keras2) {
      const LossElement by_p = of_probability(p, t, o);
      return {by_p.loss, by_p.derivative == T(0) ? T(0) : p - t};
    }
    const LossElement plain{(z < T(0) ? T(0) : z) - z * t + std::log1p(tail), p - t};
    return focal(plain, p, z >= T(0) ? small : large, large * small, t, o);
  }

  /// Of probability p, cut to [1e-7, 1 - 1e-7] as in Keras, and label t.
  BRINDLE_HOST_DEVICE static LossElement probability(T p, T t, const BinaryCrossentropyOptions& o) {
    t = smoothed(t, o);
    return focal(of_probability(p, t, o), p, T(1) - p, T(1), t, o);
  }

 private:
  BRINDLE_HOST_DEVICE static T smoothed(T t, const BinaryCrossentropyOptions& o) {
    const T by = static_cast<T>(o.label_smoothing);
    return o.label_smoothing == 0 ? t : t * (T(1) - by) + by / T(2);
  }

  BRINDLE_HOST_DEVICE static LossElement of_probability(T p, T t, const BinaryCrossentropyOptions& o) {
    const T low = T(1e-7), high = T(1) - low;
    const T c = p < low ? low : p > high ? high : p;
    const bool clipped = p < low || p > high;
    if (o.keras2) {
      const T z = std::log(c / (T(1) - c));
      const LossElement by_z = logit(z, t, {});
      return {by_z.loss, clipped ? T(0) : by_z.derivative / (c * (T(1) - c))};
    }
    return {-(t * std::log(c) + (T(1) - t) * std::log(T(1) - c)), clipped ? T(0) : (c - t) / (c * (T(1) - c))};
  }

  /// With the factors of gamma and alpha. p, other: probabilities of 1 and of 0; dp: the derivative of p.
  BRINDLE_HOST_DEVICE static LossElement focal(const LossElement& plain, T p, T other, T dp, T t,
                                               const BinaryCrossentropyOptions& o) {
    LossElement e = plain;
    if (o.gamma > 0) {
      const T gamma = static_cast<T>(o.gamma), missed = t * other + (T(1) - t) * p;
      if (!(missed > T(0))) return {T(0), T(0)};
      const T less = std::pow(missed, gamma - T(1)), factor = less * missed;
      e = {factor * plain.loss, factor * plain.derivative + gamma * less * (T(1) - T(2) * t) * dp * plain.loss};
    }
    if (o.alpha < 0) return e;
    const T alpha = static_cast<T>(o.alpha), balance = t * alpha + (T(1) - t) * (T(1) - alpha);
    return {balance * e.loss, balance * e.derivative};
  }
};

namespace reference {

template <class T>
void binary_crossentropy_logits(In<T, Cpu> z, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each, Out<T, Cpu> dz,
                                const BinaryCrossentropyOptions& o = {}) {
  const std::int64_t samples = z.shape[0], k = z.shape[1];
  for (std::int64_t n = 0; n < samples; ++n) {
    T sum = 0;
    const T factor = (weight.empty() ? T(1) : weight.data[n]) / static_cast<T>(samples * k);
    for (std::int64_t i = n * k; i < (n + 1) * k; ++i) {
      const LossElement<T> element = LossElement<T>::logit(z.data[i], t.data[i], o);
      sum += element.loss;
      if (!dz.empty()) dz.data[i] = factor * element.derivative;
    }
    each.data[n] = sum / static_cast<T>(k);
  }
}

}  // namespace reference
}  // namespace brindle::ops
