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

#include "brindle/core/flush_denormals.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"

namespace brindle::detail {

BRINDLE_INLINE Shard Shard::common(const Shard& other) const {
  const std::int64_t first = std::max(begin, other.begin), last = std::min(end, other.end);
  return {first, std::max(first, last)};
}

template <class T>
void TeamRow<T>::prepare(std::span<T> numbers, const std::vector<std::size_t>& ends, const Team& team) {
  rank_ = team.rank();
  size_ = team.size();
  numbers_ = numbers;
  ends_ = ends;
  std::size_t most = 0, begin = 0;
  for (const std::size_t end : ends) {
    most = std::max(most, end - begin);
    begin = end;
  }
  room_.assign(size_ == 1 ? 0 : most / 2 + 64 / sizeof(T), T(0));
}

template <class T>
std::size_t TeamRow<T>::levels() const {
  return static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(size_)));
}

template <class T>
std::array<typename TeamRow<T>::Half, 32> TeamRow<T>::halves(std::size_t piece) const {
  constexpr std::size_t line = 64 / sizeof(T);  // cuts lie at whole lines of the cache
  std::array<Half, 32> halves{};
  const std::size_t begin = piece == 0 ? 0 : ends_[piece - 1];
  std::span<T> mine = numbers_.subspan(begin, ends_[piece] - begin);
  for (std::size_t level = 0; level < levels(); ++level) {
    const std::size_t middle = std::min(mine.size(), (mine.size() / 2 + line - 1) / line * line);
    const bool lower = (rank_ & (1 << level)) == 0;
    halves[level] =
        lower ? Half{mine.first(middle), mine.subspan(middle)} : Half{mine.subspan(middle), mine.first(middle)};
    mine = halves[level].kept;
  }
  return halves;
}

template <class T>
Shard TeamRow<T>::shard(std::size_t piece) const {
  const std::size_t begin = piece == 0 ? 0 : ends_[piece - 1];
  if (size_ == 1) return {static_cast<std::int64_t>(begin), static_cast<std::int64_t>(ends_[piece])};
  const std::span<T> kept = halves(piece)[levels() - 1].kept;
  const std::int64_t first = kept.data() - numbers_.data();
  return {first, first + static_cast<std::int64_t>(kept.size())};
}

template <class T>
void TeamRow<T>::run(Team& team, std::size_t ready, bool waits) {
  if (size_ == 1) return;
  for (;;) {
    if (under_way_) {
      if (!team.ended(waits)) return;
      under_way_ = false;
      complete();
      if (++stage_ == levels()) {
        stage_ = 0;
        ++piece_;
      }
    }
    if (piece_ == ends_.size() || ends_[piece_] > ready) return;
    start(team);
    under_way_ = true;
  }
}

template <class T>
void TeamRow<T>::start(Team& team) {
  if (stage_ == 0) halves_ = halves(piece_);
  const Half& half = halves_[level()];
  const int partner = rank_ ^ (1 << level());
  if (way_ == Way::gathers)
    team.start(partner, std::as_bytes(half.kept), std::as_writable_bytes(half.other));
  else
    team.start(partner, std::as_bytes(half.other), std::as_writable_bytes(std::span(room_).first(half.kept.size())));
}

template <class T>
void TeamRow<T>::complete() {
  if (way_ == Way::gathers) return;  // it is where it belongs
  const FlushDenormals flush;        // as where leaves are added up inside of a process
  const std::span<T> kept = halves_[level()].kept;
  if ((rank_ & (1 << level())) == 0)
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = kept[i] + room_[i];
  else
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = room_[i] + kept[i];
}

}  // namespace brindle::detail
