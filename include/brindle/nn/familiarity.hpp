// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"

namespace brindle {

/// A sample of what a classifier was trained on, to tell what is like it: the features of training samples, which its
/// last layer with a kernel reads, and how near others of their kind come to the nearest of them.
///
///     const double d = familiarity.distance(feature);   // 0: the same direction as one of them; at most 2
///     const bool stranger = d > familiarity.threshold;
///
/// Cosine to the nearest neighbour: of the scores compared in docs/results.md the best. Y. Sun, Y. Ming, X. Zhu, Y. Li,
/// "Out-of-Distribution Detection with Deep Nearest Neighbors", 2022.
struct Familiarity {
  static constexpr std::int64_t most_numbers = 1 << 20;  ///< in `features`, 4 MiB; files may have no more either

  std::int64_t width = 0;            ///< numbers of one feature; 0: there is none of it all
  std::vector<float> features = {};  ///< (M, width), each of length 1
  double threshold = 0;              ///< a sample that is farther than this is unlike them, 0..2
  double refused = 0;                ///< share of samples of their kind that are farther nevertheless, 0..1

  explicit operator bool() const { return width > 0; }  ///< whether there is one
  /// How many features are kept.
  std::int64_t count() const { return width > 0 ? static_cast<std::int64_t>(features.size()) / width : 0; }

  /// 1 - the cosine of the angle to the nearest of them, 0..2; of a feature that is all zero 1. Throws ShapeError for
  /// another number of numbers, NumericsError for one that is not finite.
  double distance(std::span<const float> feature) const;

  friend bool operator==(const Familiarity&, const Familiarity&) = default;  ///< the same numbers
};

namespace detail {

/// Throws ValueError, beginning with `who`, for one that cannot be.
void check_familiarity(const std::string& who, const Familiarity& familiarity);

/// Divides a row by its length; zeros stay.
void to_length_one(std::span<float> row);

/// The value (LayerGraph) that the last layer with a kernel reads. Throws ValueError, beginning with `who`, as
/// layer_of_logits(), and where a folded model would read another one there.
template <class T, class Device>
std::size_t feature_value(const std::string& who, const Model<T, Device>& model);

/// Numbers of one sample's feature: of a map one a channel.
template <class T, class Device>
std::int64_t feature_width(const Model<T, Device>& model, std::size_t value);

/// What predict() gives, and the features: of each sample the value, of a map its mean over the positions.
///
///     x (n, sample)  ->  y (n, outputs), features (n, feature_width), both on the Cpu
template <class T, class Device>
void predict_with_features(const Model<T, Device>& model, std::size_t value, TensorView<const T, Cpu> x,
                           std::int64_t batch, TensorView<float, Cpu> y, TensorView<float, Cpu> features);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/familiarity_inl.hpp"
#endif
