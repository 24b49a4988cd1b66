#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/host_device.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

struct BinaryCrossentropyOptions {
  bool keras2 = false;  ///< as Keras 2 computed it: the probability is clipped and taken back to a logit
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
    const T tail = std::exp(-std::abs(z));  // in (0, 1]: neither form of the sigmoid overflows
    const T p = z >= T(0) ? T(1) / (T(1) + tail) : tail / (T(1) + tail);
    if (!o.keras2) return {(z < T(0) ? T(0) : z) - z * t + std::log1p(tail), p - t};
    const LossElement by_p = probability(p, t, o);
    return {by_p.loss, by_p.derivative == T(0) ? T(0) : p - t};
  }

  /// Of probability p, cut to [1e-7, 1 - 1e-7] as in Keras, and label t.
  BRINDLE_HOST_DEVICE static LossElement probability(T p, T t, const BinaryCrossentropyOptions& o) {
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
