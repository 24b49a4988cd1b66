// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what subset.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/data/subset.hpp"

namespace brindle::data::internal {

/// The samples of each class, by its number. Throws DataError, beginning with `who`, for labels that are no classes.
inline std::map<std::int64_t, std::vector<std::int64_t>> rows_by_class(const std::string& who, const Source& source) {
  const TensorView<const float> labels = source.labels();
  std::map<std::int64_t, std::vector<std::int64_t>> rows;
  if (labels.size() != source.size())
    detail::raise<DataError>(who + ": expected class numbers (" + std::to_string(source.size()) +
                             ", 1), the labels are " + to_string(labels.shape));
  for (std::int64_t i = 0; i < source.size(); ++i) {
    const float label = labels.data[i];
    if (!(label >= 0 && label < 1e9f) || label != std::floor(label))
      detail::raise<DataError>(who + ": " + source.describe(i) + " has label " +
                               detail::number_text(static_cast<double>(label)) + ", which is no class number");
    rows[static_cast<std::int64_t>(label)].push_back(i);
  }
  return rows;
}

}  // namespace brindle::data::internal

namespace brindle::data {

BRINDLE_INLINE Subset::Subset(const Source& source, std::vector<std::int64_t> rows)
    : SourceView(source), rows_(std::move(rows)) {
  if (rows_.empty()) detail::raise<ValueError>("data::Subset: expected at least one row");
  const TensorView<const float> all = source.labels();
  const std::int64_t each = all.shape.sample().size();
  labels_ = Tensor<float>({size(), each});
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i] < 0 || rows_[i] >= source.size())
      detail::raise<ValueError>("data::Subset: expected rows from 0 to " + std::to_string(source.size() - 1) +
                                ", got " + std::to_string(rows_[i]));
    std::copy_n(all.data + rows_[i] * each, each, labels_.data() + static_cast<std::int64_t>(i) * each);
  }
}

BRINDLE_INLINE std::string Subset::fingerprint(const Cpu& on) const {
  Checksum sum;
  sum.add(source().fingerprint(on));
  sum.add_numbers(rows_.data(), rows_.size());
  return sum.text();
}

BRINDLE_INLINE std::vector<Draw> Subset::of_source(std::span<const Draw> draws) const {
  std::vector<Draw> own(draws.begin(), draws.end());
  for (Draw& d : own) {
    if (d.row < 0 || d.row >= size())
      detail::raise<ValueError>("data::Subset: expected rows from 0 to " + std::to_string(size() - 1) + ", got " +
                                std::to_string(d.row));
    d.row = rows_[static_cast<std::size_t>(d.row)];
  }
  return own;
}

BRINDLE_INLINE void Subset::read_labels(std::span<const Draw> draws, TensorView<float> t) const {
  source().read_labels(of_source(draws), t);
}

BRINDLE_INLINE void Subset::read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const {
  source().read(on, of_source(draws), x);
}

BRINDLE_INLINE void Subset::read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const {
  source().read(on, of_source(draws), x);
}

BRINDLE_INLINE std::pair<Subset, Subset> split(const Source& source, double share, std::uint64_t seed) {
  if (!(share > 0 && share < 1))
    detail::raise<ValueError>("data::split: expected a share between 0 and 1, got " + detail::number_text(share));
  std::vector<std::int64_t> first, second;
  const std::vector<std::string> names = source.class_names();
  for (const auto& [number, rows] : internal::rows_by_class("data::split", source)) {
    const auto count = static_cast<std::int64_t>(rows.size());
    if (count < 2)
      detail::raise<DataError>("data::split: class " +
                               (static_cast<std::size_t>(number) < names.size()
                                    ? names[static_cast<std::size_t>(number)]
                                    : std::to_string(number)) +
                               " has one sample, so that one of the parts would lack it; add some, or leave it out");
    const std::int64_t held = std::clamp<std::int64_t>(std::llround(share * static_cast<double>(count)), 1, count - 1);
    const auto order = permutation(
        count, Random{.seed = seed, .what = stream_id("split"), .step = static_cast<std::uint32_t>(number)});
    for (std::int64_t i = 0; i < count; ++i)
      (i < held ? second : first).push_back(rows[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
  }
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  return {Subset(source, std::move(first)), Subset(source, std::move(second))};
}

BRINDLE_INLINE Subset balanced(const Source& source, std::uint64_t seed) {
  const auto classes = internal::rows_by_class("data::balanced", source);
  std::size_t most = 0;
  for (const auto& [number, rows] : classes) most = std::max(most, rows.size());
  std::vector<std::int64_t> all;
  for (const auto& [number, rows] : classes) {
    const auto order =
        permutation(static_cast<std::int64_t>(rows.size()),
                    Random{.seed = seed, .what = stream_id("balance"), .step = static_cast<std::uint32_t>(number)});
    for (std::size_t i = 0; i < most; ++i) all.push_back(rows[static_cast<std::size_t>(order[i % rows.size()])]);
  }
  return Subset(source, std::move(all));
}

}  // namespace brindle::data
