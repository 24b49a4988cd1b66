// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/host_device.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// How labels are changed.
struct SparseCategoricalCrossentropyOptions {
  /// 0 to 1: the label of a sample is label_smoothing / K for each class and 1 - label_smoothing more for its own, as
  /// in PyTorch's CrossEntropyLoss; Keras has it for one-hot rows only.
  double label_smoothing = 0;
};

namespace kernel {
template <class T, class Device>
struct sparse_categorical_crossentropy;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that
                                         // one
}

/// Cross-entropy of a softmax layer, from the logits z before the softmax; classes are numbers, not one-hot rows.
///
///     z (N, K), classes (N) in [0, K), weight (N) or empty  ->  each (N), dz (N, K) or empty
///
/// each[n] = log(sum of exp(z)) - z[class], without the weight; stable for any finite z.
/// dz is the gradient of sum of weight each / N: weight (softmax(z) - onehot) / N. dz may be the memory of z.
/// With label_smoothing z[class] is the sum of labels times z, and onehot the labels.
/// Throws ValueError for a class out of range, on the Cpu.
template <class T, class Device>
void sparse_categorical_crossentropy_logits(const Device& on, In<T, Device> z, In<std::int32_t, Device> classes,
                                            In<T, Device> weight, Out<T, Device> each, Out<T, Device> dz,
                                            const SparseCategoricalCrossentropyOptions& o = {}) {
  if (z.shape.rank() != 2 || z.shape[1] < 1)
    detail::raise<ShapeError>("sparse_categorical_crossentropy_logits: expected z (N, K), got " + to_string(z.shape));
  const Shape samples{z.shape[0]};
  detail::expect_shape("sparse_categorical_crossentropy_logits", "classes", samples, classes.shape);
  detail::expect_shape("sparse_categorical_crossentropy_logits", "loss of each sample", samples, each.shape);
  if (!weight.empty())
    detail::expect_shape("sparse_categorical_crossentropy_logits", "sample weights", samples, weight.shape);
  if (!dz.empty()) detail::expect_shape("sparse_categorical_crossentropy_logits", "gradient", z.shape, dz.shape);
  kernel::sparse_categorical_crossentropy<T, Device>::logits(on, z, classes, weight, each, dz, o);
}

/// Cross-entropy of probabilities, as Keras's sparse_categorical_crossentropy: p is clipped to [1e-7, 1 - 1e-7] and its
/// sum made 1 again.
///
///     p (N, K), classes (N) in [0, K), weight (N) or empty  ->  each (N), dp (N, K) or empty
///
/// each[n] = log(sum of p) - log(p[class]), p clipped, without the weight. dp is the gradient of sum of weight each /
/// N, 0 where p was clipped. dp may be the memory of p. Throws ValueError for a class out of range, on the Cpu.
template <class T, class Device>
void sparse_categorical_crossentropy(const Device& on, In<T, Device> p, In<std::int32_t, Device> classes,
                                     In<T, Device> weight, Out<T, Device> each, Out<T, Device> dp,
                                     const SparseCategoricalCrossentropyOptions& o = {}) {
  if (p.shape.rank() != 2 || p.shape[1] < 1)
    detail::raise<ShapeError>("sparse_categorical_crossentropy: expected p (N, K), got " + to_string(p.shape));
  const Shape samples{p.shape[0]};
  detail::expect_shape("sparse_categorical_crossentropy", "classes", samples, classes.shape);
  detail::expect_shape("sparse_categorical_crossentropy", "loss of each sample", samples, each.shape);
  if (!weight.empty()) detail::expect_shape("sparse_categorical_crossentropy", "sample weights", samples, weight.shape);
  if (!dp.empty()) detail::expect_shape("sparse_categorical_crossentropy", "gradient", p.shape, dp.shape);
  kernel::sparse_categorical_crossentropy<T, Device>::probabilities(on, p, classes, weight, each, dp, o);
}

/// classes = labels, whole numbers that are stored as T. labels (N) or (N, 1), classes (N)
template <class T, class Device>
void class_numbers(const Device& on, In<T, Device> labels, Out<std::int32_t, Device> classes) {
  detail::expect_shape("class_numbers", "classes", Shape{labels.size()}, classes.shape);
  kernel::sparse_categorical_crossentropy<T, Device>::class_numbers(on, labels, classes);
}

namespace reference {

/// One row of sparse_categorical_crossentropy_logits. dz may be z or null; factor: weight / N.
template <class T>
BRINDLE_HOST_DEVICE T sparse_categorical_crossentropy_logits(const T* z, std::int64_t k, std::int64_t of_class,
                                                             T smoothing, T factor, T* dz) {
  T largest = z[0];
  for (std::int64_t i = 1; i < k; ++i) largest = largest < z[i] ? z[i] : largest;
  T sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += std::exp(z[i] - largest);
  const T each = smoothing / static_cast<T>(k);  // the label of every class
  T loss = std::log(sum) + (T(1) - smoothing) * (largest - z[of_class]);
  if (smoothing > T(0))
    for (std::int64_t i = 0; i < k; ++i) loss += each * (largest - z[i]);
  if (dz)
    for (std::int64_t i = 0; i < k; ++i)
      dz[i] = factor * (std::exp(z[i] - largest) / sum - (i == of_class ? T(1) - smoothing + each : each));
  return loss;
}

/// One row of sparse_categorical_crossentropy. dp may be p or null; factor: weight / N.
template <class T>
BRINDLE_HOST_DEVICE T sparse_categorical_crossentropy(const T* p, std::int64_t k, std::int64_t of_class, T smoothing,
                                                      T factor, T* dp) {
  const T low = T(1e-7), high = T(1) - low;
  const auto clipped = [low, high](T value) { return value < low ? low : high < value ? high : value; };
  const T each = smoothing / static_cast<T>(k), own = T(1) - smoothing + each;
  T sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += clipped(p[i]);
  const T chosen = clipped(p[of_class]);
  T loss = std::log(sum) - (T(1) - smoothing) * std::log(chosen);
  if (smoothing > T(0))
    for (std::int64_t i = 0; i < k; ++i) loss -= each * std::log(clipped(p[i]));
  if (dp)
    for (std::int64_t i = 0; i < k; ++i)
      dp[i] = p[i] < low || p[i] > high ? T(0) : factor * (T(1) / sum - (i == of_class ? own : each) / clipped(p[i]));
  return loss;
}

}  // namespace reference
}  // namespace brindle::ops
