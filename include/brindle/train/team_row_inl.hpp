// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what team_row.hpp declares.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/row_arithmetic.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"

namespace brindle::detail {

BRINDLE_INLINE Shard Shard::common(const Shard& other) const {
  const std::int64_t first = std::max(begin, other.begin), last = std::min(end, other.end);
  return {first, std::max(first, last)};
}

template <class T, class Device>
void TeamRow<T, Device>::prepare(const Device& on, std::span<T> numbers, const std::vector<std::size_t>& ends,
                                 const Team& team, std::vector<const T*> rows) {
  on_ = on;
  rank_ = team.rank();
  size_ = team.size();
  numbers_ = numbers;
  ends_ = ends;
  rows_ = std::move(rows);
  std::size_t most = 0, begin = 0;
  for (const std::size_t end : ends) {
    most = std::max(most, end - begin);
    begin = end;
  }
  const std::size_t half = most / 2 + 64 / sizeof(T);
  bool receives = false;
  for (int away = 1; away < size_; away *= 2) receives = receives || !row_of(rank_ ^ away);
  room_ = receives ? Tensor<T, Device>({static_cast<std::int64_t>(half)}) : Tensor<T, Device>();
  transport_.prepare(on, team, half);
}

template <class T, class Device>
std::size_t TeamRow<T, Device>::levels() const {
  return static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(size_)));
}

template <class T, class Device>
std::array<typename TeamRow<T, Device>::Half, 32> TeamRow<T, Device>::halves(std::span<T> piece) const {
  constexpr std::size_t line = 64 / sizeof(T);  // cuts lie at whole lines of the cache
  std::array<Half, 32> halves{};
  std::span<T> mine = piece;
  for (std::size_t level = 0; level < levels(); ++level) {
    const std::size_t middle = std::min(mine.size(), (mine.size() / 2 + line - 1) / line * line);
    const bool lower = (rank_ & (1 << level)) == 0;
    halves[level] =
        lower ? Half{mine.first(middle), mine.subspan(middle)} : Half{mine.subspan(middle), mine.first(middle)};
    mine = halves[level].kept;
  }
  return halves;
}

template <class T, class Device>
Shard TeamRow<T, Device>::shard(std::size_t piece) const {
  const std::span<T> all = in_row(piece), kept = size_ == 1 ? all : halves(all)[levels() - 1].kept;
  const std::int64_t first = kept.data() - numbers_.data();
  return {first, first + static_cast<std::int64_t>(kept.size())};
}

template <class T, class Device>
void TeamRow<T, Device>::run(Team& team, std::size_t ready, bool waits) {
  if (size_ == 1) return;
  for (;;) {
    if (under_way_) {
      if (!transport_.ended(team, waits)) return;
      under_way_ = false;
      complete();
      if (++stage_ == levels()) {
        stage_ = 0;
        ++piece_;
      }
    }
    if (piece_ == ends_.size() || ends_[piece_] > ready) return;
    if (in_common_ && where_[piece_]) {
      ++piece_;
      continue;
    }
    start(team);
    under_way_ = true;
  }
}

template <class T, class Device>
void TeamRow<T, Device>::start(Team& team) {
  if (stage_ == 0) {
    const std::span<T> in_row = this->in_row(piece_);
    T* where = where_.empty() ? nullptr : where_[piece_];
    halves_ = halves(where ? std::span<T>(where, in_row.size()) : in_row);
  }
  const Half& half = halves_[level()];
  if (way_ == Way::gathers)
    transport_.start(team, partner(), half.kept, half.other);
  else if (row_of(partner()))
    team.start(partner(), {}, {});
  else
    transport_.start(team, partner(), half.other, {room_.data(), half.kept.size()});
}

template <class T, class Device>
void TeamRow<T, Device>::complete() {
  if (way_ == Way::gathers) return;  // it is where it belongs
  const std::span<T> kept = halves_[level()].kept;
  const T* row = row_of(partner());
  const std::span<const T> here = kept, there(row ? row + (kept.data() - numbers_.data()) : room_.data(), kept.size());
  const bool lower = (rank_ & (1 << level())) == 0;
  RowArithmetic<T, Device>::add(*on_, lower ? here : there, lower ? there : here, kept);
}

}  // namespace brindle::detail
