// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/data/source_view.hpp"

namespace brindle::data {

/// Some samples of a source, in an order of one's own; a sample may be there more than once.
class Subset final : public SourceView {
 public:
  /// rows: of the source, whose numbers the uses keep, so that a random change of a use is the same as the source's.
  /// The source must outlive this. Throws ValueError for no rows, or one that the source has not.
  Subset(const Source& source, std::vector<std::int64_t> rows);
  Subset(const Source&& gone_too_soon, std::vector<std::int64_t> rows) = delete;

  /// Of the source, in this order.
  const std::vector<std::int64_t>& rows() const { return rows_; }

  std::int64_t size() const override { return static_cast<std::int64_t>(rows_.size()); }
  TensorView<const float> labels() const override { return labels_; }
  /// Of the source's and of the rows.
  std::string fingerprint(const Cpu& on) const override;
  std::string describe(std::int64_t row) const override {
    return source().describe(rows_[static_cast<std::size_t>(row)]);
  }
  void read_labels(std::span<const Draw> draws, TensorView<float> t) const override;
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const override;
  void read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const override;

 private:
  std::vector<Draw> of_source(std::span<const Draw> draws) const;

  std::vector<std::int64_t> rows_;
  Tensor<float> labels_;
};

/// Two parts of a source, training and validation: of each class `share` of the samples, at least one and not all, go
/// to the second one, drawn by the seed. Labels are class numbers.
///
///     const auto [training, holdout] = data::split(augmented, 0.2, 42);
///
/// Throws ValueError for a share outside of 0..1, DataError for labels that are no classes, or a class of one sample,
/// which one of the parts would lack.
std::pair<Subset, Subset> split(const Source& source, double share, std::uint64_t seed);
std::pair<Subset, Subset> split(const Source&& gone_too_soon, double, std::uint64_t) = delete;

/// Each class as often as the largest one: all of its samples as often as fits, and then some of them once more, drawn
/// by the seed. A batch then has as many of each on average; the seconds of an epoch grow. Labels are class numbers.
///
///     trainer.fit(data::balanced(augmented, 42), {.batch = 32, .epochs = 10});
///
/// Throws DataError for labels that are no classes.
Subset balanced(const Source& source, std::uint64_t seed);
Subset balanced(const Source&& gone_too_soon, std::uint64_t) = delete;

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/subset_inl.hpp"
#endif
