// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what leaf_gradients.hpp declares.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/flush_denormals.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"

namespace brindle::detail {

template <class T>
void LeafGradients<T>::prepare(const Model<T, Cpu>& model, const Plan<T, Cpu>& plan, const Leaves& leaves,
                               const Team& team) {
  constexpr std::int64_t line = 64 / sizeof(T);
  own_ = leaves.own;
  size_ = 0;
  begin_.assign(model.layers().size(), {});
  views_.assign(model.layers().size(), {});
  shards_.assign(model.layers().size(), {});
  end_.assign(model.layers().size(), 0);
  pieces_.assign(1, {});
  ends_.clear();
  const auto add_layer = [&](std::size_t i) {
    const Layer<T, Cpu>& layer = *model.layers()[i];
    for (std::size_t p = 0; p < layer.parameters().size(); ++p) {
      const std::int64_t size = layer.parameters()[p].value.size();
      begin_[i].push_back(plan.gives_gradient(i, p) ? size_ : nowhere);
      shards_[i].push_back({0, size});
      if (begin_[i].back() == nowhere) continue;
      pieces_.back().push_back({i, p, size_, {}});
      size_ += (size + line - 1) / line * line;
    }
    end_[i] = static_cast<std::size_t>(size_);
    if (end_[i] - (ends_.empty() ? 0 : ends_.back()) < piece_bytes / sizeof(T)) return;
    ends_.push_back(end_[i]);
    pieces_.emplace_back();
  };
  for (std::size_t step = plan.steps().size(); step-- > 0;) add_layer(plan.steps()[step].index);
  for (std::size_t i = 0; i < model.layers().size(); ++i)  // those that are done by the layer in front of them
    if (begin_[i].empty()) add_layer(i);
  if (pieces_.back().empty() && !ends_.empty())
    pieces_.pop_back();
  else
    ends_.push_back(static_cast<std::size_t>(size_));
  rows_.resize(static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(own_))));
  for (Tensor<T>& row : rows_) row = Tensor<T>({size_});
  row_.prepare(rows_.back().span(), ends_, team);
  for (std::size_t k = 0; k < pieces_.size(); ++k)
    for (SummedParameter& p : pieces_[k]) {
      Shard& shard = shards_[p.layer][p.which];
      const Shard in_row = row_.shard(k).common({p.begin, p.begin + shard.end});
      p.own = shard = in_row.size() > 0 ? Shard{in_row.begin - p.begin, in_row.end - p.begin} : Shard{};
    }
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    for (std::size_t p = 0; p < begin_[i].size(); ++p)
      views_[i].push_back(begin_[i][p] == nowhere
                              ? TensorView<T, Cpu>{}
                              : TensorView<T, Cpu>{rows_.back().data() + begin_[i][p],
                                                   std::as_const(*model.layers()[i]).parameters()[p].value.shape()});
}

template <class T>
void LeafGradients<T>::add(std::int64_t leaf, std::size_t layer, std::size_t which, std::int64_t first,
                           TensorView<const T, Cpu> block) {
  const FlushDenormals flush;           // wherever the tree is gone up
  constexpr std::int64_t piece = 2048;  // stays in the cache while it goes up the tree
  const std::int64_t at = begin_[layer][which] + first;
  const auto level = static_cast<std::size_t>(std::countr_one(static_cast<std::uint64_t>(leaf)));
  for (std::int64_t begin = 0; begin < block.size(); begin += piece) {
    const std::int64_t count = std::min(piece, block.size() - begin);
    const T* from = block.data + begin;
    T* to = rows_[level].data() + at + begin;
    if (level == 0) std::copy(from, from + count, to);
    for (std::size_t k = 0; k < level; ++k, from = to) {
      const T* waiting = rows_[k].data() + at + begin;
      for (std::int64_t i = 0; i < count; ++i) to[i] = waiting[i] + from[i];
    }
  }
}

template <class T>
void LeafGradients<T>::add_whole(const Cpu& on, std::int64_t leaf, std::size_t layer, std::size_t which,
                                 TensorView<const T, Cpu> block) {
  on.parallel_ranges(block.size(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    add(leaf, layer, which, begin, {block.data + begin, Shape{end - begin}});
  });
}

template <class T>
void LeafGradients<T>::add_nothing(std::int64_t leaf) {
  const FlushDenormals flush;
  // Zeros are added, and not left out: the sum of -0 and 0 is another one than -0.
  const auto level = static_cast<std::size_t>(std::countr_one(static_cast<std::uint64_t>(leaf)));
  T* to = rows_[level].data();
  std::fill(to, to + size_, T(0));
  for (std::size_t k = 0; k < level; ++k)
    for (std::int64_t i = 0; i < size_; ++i) to[i] = rows_[k].data()[i] + to[i];
}

template <class T>
std::int64_t LeafGradients<T>::bytes() const {
  std::size_t sum = row_.bytes();
  for (const Tensor<T>& row : rows_) sum += row.bytes();
  return static_cast<std::int64_t>(sum);
}

}  // namespace brindle::detail
