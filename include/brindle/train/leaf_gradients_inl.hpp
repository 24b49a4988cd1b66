// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what leaf_gradients.hpp declares.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/row_arithmetic.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"

namespace brindle::detail {

template <class T, class Device>
void LeafGradients<T, Device>::prepare(const Model<T, Device>& model, const Plan<T, Device>& plan,
                                       const Leaves& leaves) {
  rows_ = {};
  shared_ = nullptr;
  memory_ = nullptr;
  constexpr std::int64_t line = 64 / sizeof(T), most = piece_bytes / sizeof(T);
  levels_ = std::bit_width(static_cast<std::uint64_t>(leaves.own));
  size_ = 0;
  begin_.assign(model.layers().size(), {});
  views_.assign(model.layers().size(), {});
  shards_.assign(model.layers().size(), {});
  end_.assign(model.layers().size(), 0);
  pieces_.assign(1, {});
  ends_.clear();
  const auto add_layer = [&](std::size_t i) {
    const Layer<T, Device>& layer = *model.layers()[i];
    for (std::size_t p = 0; p < layer.parameters().size(); ++p) {
      const std::int64_t size = layer.parameters()[p].value.size();
      begin_[i].push_back(plan.gives_gradient(i, p) ? size_ : nowhere);
      shards_[i].emplace_back();
      if (begin_[i].back() == nowhere) {
        shards_[i].back().push_back({0, size});
        continue;
      }
      const std::int64_t begin = size_;
      size_ += (size + line - 1) / line * line;
      const bool cut =
          layer.parameters()[p].learned && size > most;  // else the layer may want to see all of it at once
      for (std::int64_t first = 0, last = 0; first < size; first = last) {
        const auto piece = static_cast<std::int64_t>(ends_.empty() ? 0 : ends_.back());
        last = cut ? std::min(size, piece + most - begin) : size;
        pieces_.back().push_back({i, p, {first, last}, {}, cut});
        const std::int64_t end = last < size ? begin + last : size_;  // in the row, with what fills the last line
        if (end - piece < most) continue;
        ends_.push_back(static_cast<std::size_t>(end));
        pieces_.emplace_back();
      }
    }
    end_[i] = static_cast<std::size_t>(size_);
  };
  for (std::size_t step = plan.steps().size(); step-- > 0;) add_layer(plan.steps()[step].index);
  for (std::size_t i = 0; i < model.layers().size(); ++i)  // those that are done by the layer in front of them
    if (begin_[i].empty()) add_layer(i);
  if (pieces_.back().empty() && !ends_.empty())
    pieces_.pop_back();
  else
    ends_.push_back(static_cast<std::size_t>(size_));
}

template <class T, class Device>
void LeafGradients<T, Device>::take_memory(const Model<T, Device>& model, const Team& team,
                                           std::shared_ptr<const SharedMemory> shared) {
  shared_ = std::move(shared);
  if (!shared_) rows_ = Tensor<T, Device>({static_cast<std::int64_t>(levels_), size_});
  memory_ = shared_ ? reinterpret_cast<T*>(shared_->own.data()) : rows_.data();
  T* last = rows().row(levels_ - 1);
  std::vector<const T*> seen;  // the last row of each process
  if (shared_)
    for (std::byte* of_one : shared_->of_all)
      seen.push_back(of_one ? reinterpret_cast<const T*>(of_one) + (last - memory_) : nullptr);
  row_.prepare(model.device(), {last, static_cast<std::size_t>(size_)}, ends_, team, std::move(seen));
  for (std::size_t k = 0; k < pieces_.size(); ++k)
    for (SummedPart& p : pieces_[k]) {
      const std::int64_t begin = begin_[p.layer][p.which];
      const Shard of_row{begin + p.elements.begin, begin + p.elements.end}, own = row_.shard(k).common(of_row);
      p.own = own.size() > 0 ? Shard{own.begin - begin, own.end - begin} : Shard{p.elements.begin, p.elements.begin};
      shards_[p.layer][p.which].push_back(p.own);
    }
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    for (std::size_t p = 0; p < begin_[i].size(); ++p)
      views_[i].push_back(begin_[i][p] == nowhere
                              ? TensorView<T, Device>{}
                              : TensorView<T, Device>{last + begin_[i][p],
                                                      std::as_const(*model.layers()[i]).parameters()[p].value.shape()});
}

template <class T, class Device>
void LeafGradients<T, Device>::add(std::int64_t leaf, std::size_t layer, std::size_t which, std::int64_t first,
                                   TensorView<const T, Device> block) {
  RowArithmetic<T, Device>::add_part(rows(), level_of(leaf), begin_[layer][which] + first, block.data, block.size());
}

template <class T, class Device>
void LeafGradients<T, Device>::add_whole(const Device& on, std::int64_t leaf, std::size_t layer, std::size_t which,
                                         TensorView<const T, Device> block) {
  RowArithmetic<T, Device>::add_leaf(on, rows(), level_of(leaf), begin_[layer][which], block.data, block.size());
}

template <class T, class Device>
void LeafGradients<T, Device>::add_nothing(const Device& on, std::int64_t leaf) {
  RowArithmetic<T, Device>::add_leaf(on, rows(), level_of(leaf), 0, nullptr, size_);
}
}  // namespace brindle::detail
