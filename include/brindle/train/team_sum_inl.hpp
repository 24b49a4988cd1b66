// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what team_sum.hpp declares.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <vector>

#include "brindle/core/flush_denormals.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_sum.hpp"

namespace brindle::detail {

template <class T>
void TeamSum<T>::prepare(std::span<T> numbers, const std::vector<std::size_t>& ends) {
  numbers_ = numbers;
  ends_ = ends;
  std::size_t most = 0, begin = 0;
  for (const std::size_t end : ends) {
    most = std::max(most, end - begin);
    begin = end;
  }
  room_.assign(most / 2 + 64 / sizeof(T), T(0));
}

template <class T>
void TeamSum<T>::run(Team& team, std::size_t ready, bool waits) {
  const std::size_t stages = 2 * static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(team.size())));
  for (;;) {
    if (under_way_) {
      if (!team.ended(waits)) return;
      under_way_ = false;
      complete(team);
      if (++stage_ == stages) {
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
void TeamSum<T>::start(Team& team) {
  const auto levels = static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(team.size())));
  if (stage_ >= levels) {  // the sums go back
    const std::size_t level = 2 * levels - 1 - stage_;
    const Half& half = halves_[level];
    team.start(team.rank() ^ (1 << level), std::as_bytes(half.kept), std::as_writable_bytes(half.other));
    return;
  }
  constexpr std::size_t line = 64 / sizeof(T);  // cuts lie at whole lines of the cache
  const std::size_t begin = piece_ == 0 ? 0 : ends_[piece_ - 1];
  const std::span<T> mine = stage_ == 0 ? numbers_.subspan(begin, ends_[piece_] - begin) : halves_[stage_ - 1].kept;
  const std::size_t middle = std::min(mine.size(), (mine.size() / 2 + line - 1) / line * line);
  const bool lower = (team.rank() & (1 << stage_)) == 0;
  Half& half = halves_[stage_];
  half = lower ? Half{mine.first(middle), mine.subspan(middle)} : Half{mine.subspan(middle), mine.first(middle)};
  team.start(team.rank() ^ (1 << stage_), std::as_bytes(half.other),
             std::as_writable_bytes(std::span(room_).first(half.kept.size())));
}

template <class T>
void TeamSum<T>::complete(Team& team) {
  if (team.size() >> (stage_ + 1) == 0) return;  // on the way back it is where it belongs
  const FlushDenormals flush;                    // as where leaves are added up inside of a process
  const std::span<T> kept = halves_[stage_].kept;
  if ((team.rank() & (1 << stage_)) == 0)
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = kept[i] + room_[i];
  else
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = room_[i] + kept[i];
}

}  // namespace brindle::detail
