// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "brindle/data/source.hpp"

namespace brindle {
namespace detail {

/// "dog", or the number where the classes have no names.
std::string class_name(const data::Source& source, std::int64_t number);

/// The class of a row of `labels` numbers: its number, or of a one-hot row the place of the largest.
template <class T>
std::int64_t class_of(const T* row, std::int64_t labels) {
  return labels == 1 ? static_cast<std::int64_t>(row[0]) : std::max_element(row, row + labels) - row;
}

/// Whether a row is a class: a whole number, or a one-hot row.
bool is_class(const float* row, std::int64_t labels);

/// Throws ValueError for a weight that is not finite and at least 0, or of a class that is none of so many.
void check_class_weight(const std::string& who, const std::map<std::int64_t, double>& class_weight,
                        std::int64_t classes);

/// One more than the largest class of the labels, or for one-hot labels the size of a row. Throws DataError, naming the
/// sample, for labels that are no classes.
std::int64_t class_count(const std::string& who, const data::Source& source);

}  // namespace detail

/// Weights with which every class counts the same in training however many samples it has: N / (K n), of N samples in K
/// classes for a class of n. Their mean over the samples is 1.
///
///     trainer.fit(photos, {.class_weight = balanced_class_weights(photos)})
///
/// The classes are those that the source names, else those up to the largest label. Throws DataError for a class
/// without samples and for labels that are no classes: neither whole numbers nor one-hot rows. Meaning: scikit-learn's
/// class_weight="balanced" (utils/class_weight.py).
std::map<std::int64_t, double> balanced_class_weights(const data::Source& source);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/class_weights_inl.hpp"
#endif
