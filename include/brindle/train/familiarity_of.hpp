// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/model.hpp"

namespace brindle {

/// What is kept, and how much is refused.
struct FamiliarityOptions {
  std::int64_t most = 500;  ///< training samples to keep, >= 1, as many of each class as can be; fewer of wide features
  double refused = 0.05;    ///< share of the validation samples that the threshold calls unlike, at least 0, below 1
  std::uint64_t seed = 0;   ///< of the choice of samples
  std::int64_t batch = 32;  ///< samples at a time; changes no result but by rounding
};

/// What tells whether a sample is like those that a model was trained on: the features of some of these, and the
/// distance beyond which only a given share of validation samples, which are of their kind, lie.
///
///     io::save_model(model, "pets.safetensors", photos, {.familiarity = familiarity_of(model, photos, validation)});
///
/// It belongs to the weights as they are: find it last. training: as they are, not changed at random. Throws ShapeError
/// for samples that the model does not take, DataError for sources without samples, ValueError for options out of range
/// and, naming the layer, for a model whose last layers calibrate() refuses, or whose features are too wide,
/// NumericsError for features that are no finite numbers.
template <class T, class Device>
Familiarity familiarity_of(const Model<T, Device>& model, const data::Source& training, const data::Source& validation,
                           const FamiliarityOptions& options = {});

namespace detail {

/// Rows by rising number, `most` at most, as many of each class as can be.
std::vector<std::int64_t> rows_of_all_classes(const data::Source& source, std::int64_t most, std::uint64_t seed);

/// The features of these rows of a source, (rows, width).
template <class T, class Device>
Tensor<float> features_of(const Model<T, Device>& model, std::size_t value, const data::Source& source,
                          const std::vector<std::int64_t>& rows, std::int64_t batch);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/familiarity_of_inl.hpp"
#endif
