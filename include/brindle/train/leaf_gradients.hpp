// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/row_arithmetic.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"

namespace brindle::detail {

/// A parameter whose leaves' numbers are added up, or a part of a large one.
struct SummedPart {
  std::size_t layer, which;
  Shard elements;  ///< of the parameter
  Shard own;       ///< those of them whose sum over processes this one gets, perhaps none
  bool cut;        ///< the parameter is learned and in several parts
};

/// Adds up what the leaves of a batch give for each parameter: gradients, and what moving averages are to follow. The
/// sum is a binary tree over the numbers of the leaves, 0 with 1 and 2 with 3 first.
///
/// The numbers of all parameters stand in one row, in the order of the backward pass. Leaf j of this process brings the
/// tree on as the number j + 1 does when it is counted in binary: where the last t digits of j are 1, t sums that wait
/// are added to it, the nearest one first, and what comes of it waits in row t. So log2(leaves) + 1 rows are enough,
/// and the last leaf leaves the sum of all in the last one. That of all processes is in the shards of the last row,
/// each in the process that owns it.
template <class T, class Device>
class LeafGradients {
 public:
  /// Takes no memory yet, and gives back what it had. The plan must have been made for the model as it is now.
  void prepare(const Model<T, Device>& model, const Plan<T, Device>& plan, const Leaves& leaves);
  /// Bytes of all rows.
  std::size_t row_bytes() const { return levels_ * static_cast<std::size_t>(size_) * sizeof(T); }
  /// Takes all memory. The model is that of prepare(). shared: for the rows, or null; the Cpu's.
  void take_memory(const Model<T, Device>& model, const Team& team,
                   std::shared_ptr<const SharedMemory> shared = nullptr);

  /// Elements [first, first + block.size()) of what leaf `leaf` of this process, from 0, gives for a parameter, each
  /// once, on the Cpu. From several threads where the elements are others.
  void add(std::int64_t leaf, std::size_t layer, std::size_t which, std::int64_t first,
           TensorView<const T, Device> block);
  /// The same of all elements, as work of `on`.
  void add_whole(const Device& on, std::int64_t leaf, std::size_t layer, std::size_t which,
                 TensorView<const T, Device> block);
  /// A leaf that has no samples: zeros.
  void add_nothing(const Device& on, std::int64_t leaf);

  /// A step begins.
  void begin() { row_.sum(); }
  /// The last leaf of this process has given all of this layer, and of those behind it: the sums of this process may
  /// become those of all, as far as that goes without waiting.
  void advance(Team& team, std::size_t layer) { row_.advance(team, end_[layer]); }
  /// The sums of this process become those of all, in the shards of their owners.
  void finish(Team& team) { row_.finish(team); }

  /// All parameters, in the order of a row, by the pieces in which it is exchanged. What is learned and larger than a
  /// piece is in several.
  const std::vector<std::vector<SummedPart>>& pieces() const { return pieces_; }
  /// Elements of a row that a piece takes: those of its parts, and some behind each to the end of a line of the cache.
  std::int64_t size(std::size_t piece) const {
    return static_cast<std::int64_t>(ends_[piece] - (piece == 0 ? 0 : ends_[piece - 1]));
  }
  /// Whether a parameter has sums.
  bool summed(std::size_t layer, std::size_t which) const { return !views_[layer][which].empty(); }
  /// What this process owns of a parameter, by its parts: all of one that has no sums, or where it is alone.
  const std::vector<Shard>& shards(std::size_t layer, std::size_t which) const { return shards_[layer][which]; }
  /// The last row's elements of a whole parameter. They may be overwritten.
  TensorView<T, Device> whole(const SummedPart& p) const { return views_[p.layer][p.which]; }
  /// Those of a part that this process owns.
  TensorView<T, Device> own(const SummedPart& p) const { return {whole(p).data + p.own.begin, Shape{p.own.size()}}; }

  /// What owners have put into their shards of the last row is to go to all; where, in_common: see TeamRow::gather().
  void gather(std::span<T* const> where = {}, bool in_common = false) { row_.gather(where, in_common); }
  /// They have filled this piece.
  void gather_piece(Team& team, std::size_t piece) { row_.advance(team, ends_[piece]); }
  /// As many pieces are everywhere.
  std::size_t gathered() const { return row_.pieces_done(); }
  /// They have filled all; returns when all is everywhere.
  void finish_gathering(Team& team) { row_.finish(team); }

  /// Bytes of memory.
  std::int64_t bytes() const { return static_cast<std::int64_t>(row_bytes() + row_.bytes()); }

 private:
  static constexpr std::int64_t nowhere = -1;
  // That are summed over processes at a time; other devices than the Cpu have computed all by then.
  static constexpr std::size_t piece_bytes = std::is_same_v<Device, Cpu> ? std::size_t{1} << 20 : ~std::size_t{0};

  LeafRows<T> rows() { return {memory_, size_}; }
  static std::size_t level_of(std::int64_t leaf) {
    return static_cast<std::size_t>(std::countr_one(static_cast<std::uint64_t>(leaf)));
  }

  std::size_t levels_ = 0;                                 // rows
  std::int64_t size_ = 0;                                  // of a row
  std::vector<std::vector<std::int64_t>> begin_;           // in a row, by layer and parameter
  std::vector<std::vector<TensorView<T, Device>>> views_;  // of the last row
  std::vector<std::vector<std::vector<Shard>>> shards_;    // of the parts of parameters
  std::vector<std::size_t> end_;                           // in a row, by layer
  std::vector<std::vector<SummedPart>> pieces_;
  std::vector<std::size_t> ends_;               // of pieces
  Tensor<T, Device> rows_;                      // or in
  std::shared_ptr<const SharedMemory> shared_;  // that
  T* memory_ = nullptr;                         // of either
  TeamRow<T, Device> row_;                      // the last one
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/leaf_gradients_inl.hpp"
#endif
