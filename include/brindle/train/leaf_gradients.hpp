// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_sum.hpp"

namespace brindle::detail {

/// Adds up what the leaves of a batch give for each parameter: gradients, and what moving averages are to follow. The
/// sum is a binary tree over the numbers of the leaves, 0 with 1 and 2 with 3 first.
///
/// The numbers of all parameters stand in one row, in the order of the backward pass. Leaf j of this process brings the
/// tree on as the number j + 1 does when it is counted in binary: where the last t digits of j are 1, t sums that wait
/// are added to it, the nearest one first, and what comes of it waits in row t. So log2(leaves) + 1 rows are enough,
/// and the last leaf leaves the sum of all in the last one.
template <class T>
class LeafGradients {
 public:
  /// Takes all memory. The plan must have been made for the model as it is now.
  void prepare(const Model<T, Cpu>& model, const Plan<T, Cpu>& plan, const Leaves& leaves, bool alone);

  /// Elements [first, first + block.size()) of what leaf `leaf` of this process, from 0, gives for a parameter, each
  /// once. From several threads where the elements are others.
  void add(std::int64_t leaf, std::size_t layer, std::size_t which, std::int64_t first, TensorView<const T, Cpu> block);
  /// The same of all elements, by the threads of `on`.
  void add_whole(const Cpu& on, std::int64_t leaf, std::size_t layer, std::size_t which,
                 TensorView<const T, Cpu> block);
  /// A leaf that has no samples: zeros.
  void add_nothing(std::int64_t leaf);

  /// A step begins.
  void begin() { sum_.begin(); }
  /// The last leaf of this process has given all of this layer, and of those behind it: the sums of this process may
  /// become those of all, as far as that goes without waiting.
  void advance(Team& team, std::size_t layer) {
    if (!team.alone()) sum_.advance(team, end_[layer]);
  }
  /// The sums of this process become those of all.
  void finish(Team& team) {
    if (!team.alone()) sum_.finish(team);
  }

  /// Of one layer, a view a parameter: empty where there is nothing. They may be overwritten.
  std::span<const TensorView<T, Cpu>> of(std::size_t layer) const { return views_[layer]; }

  /// Bytes of memory.
  std::int64_t bytes() const;

 private:
  static constexpr std::int64_t nowhere = -1;
  static constexpr std::size_t piece_bytes = 1 << 20;  // that are summed over processes at a time, or a layer

  std::int64_t own_ = 1;
  std::int64_t size_ = 0;                               // of a row
  std::vector<std::vector<std::int64_t>> begin_;        // in a row, by layer and parameter
  std::vector<std::vector<TensorView<T, Cpu>>> views_;  // of the last row
  std::vector<std::size_t> end_;                        // in a row, by layer
  std::vector<Tensor<T>> rows_;
  TeamSum<T> sum_;  // of the last row
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/leaf_gradients_inl.hpp"
#endif
