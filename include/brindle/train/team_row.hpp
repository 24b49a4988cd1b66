// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/train/row_transport.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

/// A range of elements: of a row, or of a parameter.
struct Shard {
  std::int64_t begin = 0, end = 0;

  std::int64_t size() const { return end - begin; }
  /// What is in both, empty where nothing is.
  Shard common(const Shard& other) const;
};

inline std::int64_t elements_of(const std::vector<Shard>& shards) {
  std::int64_t size = 0;
  for (const Shard& s : shards) size += s.size();
  return size;
}

/// A row of numbers that each process of a team has in its device's memory, cut into pieces, each piece into one shard
/// a process. sum() leaves the sum of all processes in each shard of its owner; gather() gives all the shards of all
/// owners. Both go on piece by piece while later pieces are still computed:
///
///     row.sum();                                                                      // or gather()
///     for each part of the numbers that is computed: row.advance(team, end of the part);   // does not wait
///     row.finish(team);                                                               // waits
///
/// From the one to finish() nothing else may be exchanged. The sums are those of Team::combined(), bit for bit,
/// whatever the pieces are.
///
/// By exchanges with 1, 2, 4, ... away a process hands over the half that it does not keep of what it has, until its
/// shard is left; to gather, the halves go back the same way. Each way it sends (size - 1) / size of the numbers.
///
/// Where the other one's row can be read, both only say that their half is there, and each adds the other one's to the
/// half that it keeps: behind sum() a process writes what it does not own only when all have met again, in gather() or
/// by any call of Team.
template <class T, class Device>
class TeamRow {
 public:
  /// numbers, of the device's memory, must stay. ends: of the pieces, the last one the size of numbers; the same in all
  /// processes. rows: where the row of each process can be read by this one, by rank; null where it cannot, and empty
  /// if none can. Who can read another one's can be read by it. Takes memory.
  void prepare(const Device& on, std::span<T> numbers, const std::vector<std::size_t>& ends, const Team& team,
               std::vector<const T*> rows = {});

  /// Numbers become their sums, in their owners; elsewhere they are of no use then.
  void sum() { begin(Way::sums, {}); }
  /// Owners' numbers go to all. where: of each piece, memory of its size that is taken in place of the row's, or null;
  /// it must stay until that is done, and be null for the same pieces in all processes. in_common: that memory is the
  /// same one in all processes, and nobody waits for what others write there: the next call of Team tells that.
  void gather(std::span<T* const> where = {}, bool in_common = false) { begin(Way::gathers, where, in_common); }
  /// Numbers before `ready` are there. Goes on as far as that can be done without waiting.
  void advance(Team& team, std::size_t ready) { run(team, ready, false); }
  /// All numbers are there. Returns when sum() or gather() is done.
  void finish(Team& team) { run(team, numbers_.size(), true); }

  /// Pieces of which that is done.
  std::size_t pieces_done() const { return piece_; }

  /// What this process owns of a piece; alone, all of it.
  Shard shard(std::size_t piece) const;

  /// Bytes of memory.
  std::size_t bytes() const { return room_.bytes(); }

 private:
  enum class Way { sums, gathers };
  struct Half {
    std::span<T> kept, other;
  };

  void begin(Way way, std::span<T* const> where, bool in_common = false) {
    way_ = way;
    where_ = where;
    in_common_ = in_common;
    piece_ = stage_ = 0;
  }
  void run(Team& team, std::size_t ready, bool waits);
  std::span<T> in_row(std::size_t piece) const {
    const std::size_t begin = piece == 0 ? 0 : ends_[piece - 1];
    return numbers_.subspan(begin, ends_[piece] - begin);
  }
  // Halves that remain, and that go, of a piece: one for each exchange.
  std::array<Half, 32> halves(std::span<T> piece) const;
  std::size_t levels() const;
  // The number of this stage's exchange on the way to the shard.
  std::size_t level() const { return way_ == Way::sums ? stage_ : levels() - 1 - stage_; }
  int partner() const { return rank_ ^ (1 << level()); }
  // Null: its row cannot be read.
  const T* row_of(int rank) const { return rows_.empty() ? nullptr : rows_[static_cast<std::size_t>(rank)]; }
  // One exchange.
  void start(Team& team);
  void complete();

  int rank_ = 0, size_ = 1;
  std::span<T> numbers_;
  std::vector<std::size_t> ends_;
  std::vector<const T*> rows_;
  Tensor<T, Device> room_;  // for what the others send
  std::optional<Device> on_;
  RowTransport<T, Device> transport_;
  std::span<T* const> where_;
  std::array<Half, 32> halves_{};  // of the piece that is under way
  Way way_ = Way::sums;
  std::size_t piece_ = 0, stage_ = 0;
  bool in_common_ = false, under_way_ = false;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/team_row_inl.hpp"
#endif
