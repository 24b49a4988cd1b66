// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "brindle/train/team.hpp"

namespace brindle::detail {

/// The sum of numbers over all processes, piece by piece, while the later pieces are still computed: the bits of
/// Team::sum(), whatever the pieces are. Between begin() and finish() nothing else may be exchanged.
///
///     sum.begin(team);
///     for each part of the numbers that is computed: sum.advance(team, end of the part);   // does not wait
///     sum.finish(team);                                                                      // waits
///
/// Each process becomes the owner of one range of a piece, by exchanges with 1, 2, 4, ... away in which it hands over
/// the half that it does not keep; then the sums go back the same way. It sends 2 (size - 1) / size of the numbers.
template <class T>
class TeamSum {
 public:
  /// numbers must stay. ends: of the pieces, the last one the size of numbers; the same in all processes. Takes memory.
  void prepare(std::span<T> numbers, const std::vector<std::size_t>& ends);

  /// Numbers are being computed anew.
  void begin() { piece_ = stage_ = 0; }
  /// Numbers before `ready` are computed. Goes on as far as that can be done without waiting.
  void advance(Team& team, std::size_t ready) { run(team, ready, false); }
  /// All numbers are computed, and then summed.
  void finish(Team& team) { run(team, numbers_.size(), true); }

  /// Bytes of memory.
  std::size_t bytes() const { return room_.size() * sizeof(T); }

 private:
  struct Half {
    std::span<T> kept, other;
  };

  void run(Team& team, std::size_t ready, bool waits);
  // One exchange: of the first half of the stages, or of those on the way back.
  void start(Team& team);
  void complete(Team& team);

  std::span<T> numbers_;
  std::vector<std::size_t> ends_;
  std::vector<T> room_;            // for what the others send
  std::array<Half, 32> halves_{};  // of the piece, one for each exchange
  std::size_t piece_ = 0, stage_ = 0;
  bool under_way_ = false;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/team_sum_inl.hpp"
#endif
