// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "brindle/core/cpu.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/conv2d/winograd_filters.hpp"
#include "brindle/ops/conv2d/winograd_tiles.hpp"

namespace brindle::ops::kernel {

/// M = V U of few tiles, as one picture of 7x7 has: to write U and to read it costs more there than the products do, so
/// that filters are transformed where they are multiplied, in registers.
///
/// For a packet of output channels and a part of the input channels the columns of the filters are transformed first:
/// (points, 3) packets for each input channel, which stay in the level 1 cache. The rest of the transform makes a row
/// of U, of which a strip takes some positions and multiplies them by its tiles; its sums are in registers. The bits
/// are those of micro_block, whatever the strips: sums run over a slice of Micro::depth input channels, and slices are
/// added.
template <class T, int m>
class WinogradFewTiles {
  using Tiles = WinogradTiles<T, m>;
  using Tile = WinogradTile<T, m>;
  using Points = typename Tile::Points;
  using Filters = WinogradFilters<T, m>;
  using Micro = MicroTile<T>;
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  static constexpr int points = Tile::points, width = Tile::width;

 public:
  /// With more tiles it is quicker to write U. Time of a convolution against dealt tiles, on two threads of an Intel
  /// Xeon: AVX-512, 512 channels, 4 tiles 0.5, 9 0.6, 16 0.8, 25 0.95; 256 channels, 16 tiles 1.05, but 0.9 in a
  /// network, where the filters come from memory and are called for ahead. AVX2, whose registers hold fewer sums, 4
  /// tiles 0.9.
  static constexpr std::int64_t most_tiles = Micro::many_registers ? 25 : 4;

  explicit WinogradFewTiles(const Tiles& tiles) : tiles_(tiles) {
    for (int row = 0; row < points; ++row) {
      const bool whole = tiles.with_position(row * points, 0, tiles.count).size() <= tiles_of_whole_row;
      for (int group = whole ? whole_row : 0; group < (whole ? whole_row + 1 : whole_row); ++group) {
        const auto range = tiles.with_position(row * points + groups[at(group)][0], 0, tiles.count);
        for (std::int64_t begin = range.begin; begin < range.end; begin += size_for(range.end - begin)) {
          const int size = size_for(range.end - begin);
          strips_[at(count_++)] = {row, group, size, begin, values_};
          values_ += size * members(group);
        }
      }
    }
  }

  /// Elements of V as pack() lays it out.
  std::int64_t packed_size() const { return values_ * tiles_.g.ci; }

  /// Elements that multiply() needs for each thread.
  std::int64_t work_size() const { return points * column_row + Micro::packets * values_ * width; }

  /// V -> packed: what a strip reads of an input channel lies side by side.
  void pack(const Cpu& on, const T* v, std::int64_t v_row, std::int64_t v_plane, T* packed) const {
    on.parallel(count_, [&](std::int64_t i, int) {
      const Strip& s = strips_[static_cast<std::size_t>(i)];
      const int step = s.size * members(s.group);
      T* to = packed + s.value * tiles_.g.ci;
      for (int p = 0; p < members(s.group); ++p)
        for (int t = 0; t < s.size; ++t, ++to) {
          const T* from = v + s.position(p) * v_plane + (s.begin + t) * v_row;
          const bool exists = has(s, p, t);
          for (std::int64_t k = 0; k < tiles_.g.ci; ++k) to[k * step] = exists ? from[k] : T(0);
        }
    });
  }

  /// M of the panel of output channels [c, c_end): `sums` is the first of them at the first position, whose rows and
  /// positions are m_row and m_plane elements apart.
  void multiply(const T* packed, const Filters& filters, std::int64_t c, std::int64_t c_end, T* work, T* sums,
                std::int64_t m_row, std::int64_t m_plane) const {
    T *columns = work, *partial = work + points * column_row;
    const std::int64_t ci = tiles_.g.ci, slices = (ci + Micro::depth - 1) / Micro::depth;
    for (std::int64_t s = 0; s < slices; ++s) {
      const std::int64_t k_begin = s * ci / slices, k_end = (s + 1) * ci / slices;
      for (std::int64_t k = k_begin; k < k_end; k += part) {
        const std::int64_t next = std::min(k + part, k_end);
        Ahead ahead = filters.ahead(next, c, c_end, part);
        for (std::int64_t o = c; o < c_end; o += width) {
          for (std::int64_t i = k; i < next; ++i)
            filters.with_taps(i, o, c, c_end, [&](const T* g, std::int64_t tap) {
              Tile::filter_columns(g, tap, columns + (i - k) * 3 * width, column_row);
            });
          for (int i = 0; i < count_; ++i) {
            const Strip& strip = strips_[at(i)];
            T* so_far = partial + (o - c) * values_ + strip.value * width;
            const Step step{columns + strip.row * column_row,
                            packed + strip.value * ci + k * strip.size * members(strip.group),
                            next - k,
                            so_far,
                            k > k_begin,
                            ahead.next ? ahead.next : columns,
                            ahead.next ? ahead_step() : 0};
            run(strip, step);
            ahead.move(ahead_step() * step.count);
            if (next == k_end) take(strip, so_far, sums + o - c, m_row, m_plane, s > 0);
          }
        }
      }
    }
  }

 private:
  using Ahead = typename Filters::Ahead;

  /// Tiles whose sums at some positions of a row stay in registers.
  struct Strip {
    int row, group, size;
    std::int64_t begin;  ///< of its tiles; the last of `size` may not exist
    std::int64_t value;  ///< where its values begin, of those of an input channel

    int position(int p) const { return row * points + groups[at(group)][at(p)]; }
  };

  /// What a strip does in one part of the input channels.
  struct Step {
    const T *columns, *v;
    std::int64_t count;  ///< input channels
    T* so_far;           ///< sums
    bool goes_on;        ///< they have begun
    const T* ahead;      ///< memory that is needed soon, and what it goes on by, elements
    std::int64_t ahead_step;
  };

  static constexpr std::int64_t part = 32;                      // input channels
  static constexpr std::int64_t column_row = part * 3 * width;  // elements of a row of their columns
  static constexpr int most = Micro::many_registers ? 12 : 6;   // tiles of a strip
  static constexpr int tiles_of_whole_row = most / 3;
  static constexpr std::array<int, 6> sizes = {1, 2, 4, 6, 9, 12};

  /// Positions of a row that a strip takes: such as share a part of their transform, or, at last, the whole row.
  static constexpr auto groups = [] {
    using Group = std::array<int, 7>;
    if constexpr (points == 6)
      return std::array<Group, 4>{{{0, 3, -1}, {1, 2, -1}, {4, 5, -1}, {0, 1, 2, 3, 4, 5, -1}}};
    else if constexpr (points == 5)
      return std::array<Group, 4>{{{0, 1, -1}, {2, 3, -1}, {4, -1}, {0, 1, 2, 3, 4, -1}}};
    else
      return std::array<Group, 3>{{{0, 3, -1}, {1, 2, -1}, {0, 1, 2, 3, -1}}};
  }();
  static constexpr int whole_row = static_cast<int>(groups.size()) - 1;

  static constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }
  static constexpr int members(int group) {
    const auto& g = groups[at(group)];
    return static_cast<int>(std::find(g.begin(), g.end(), -1) - g.begin());
  }
  /// Elements of the filters that come next and are called for with each input channel, in equal steps: all, or nearly
  /// so where strips are few.
  std::int64_t ahead_step() const { return (9 * width + count_ - 1) / count_; }
  static constexpr int size_for(std::int64_t tiles) {
    for (const int size : sizes)
      if (size == most || size >= tiles) return size;
    return most;
  }
  bool has(const Strip& s, int p, std::int64_t tile) const {
    const auto range = tiles_.with_position(s.position(p), 0, tiles_.count);
    return s.begin + tile >= range.begin && s.begin + tile < range.end;
  }

  template <int group, int size>
  [[gnu::noinline]] static void strip(const Step& step) {
    using namespace Eigen::internal;
    constexpr int positions = members(group);
    Packet sum[positions][size];
#pragma GCC unroll 6
    for (int p = 0; p < positions; ++p)
#pragma GCC unroll 12
      for (int i = 0; i < size; ++i)
        sum[p][i] = step.goes_on ? pload<Packet>(step.so_far + (p * size + i) * width) : pset1<Packet>(T(0));
    const T *columns = step.columns, *v = step.v, *ahead = step.ahead;
    const std::int64_t ahead_step = step.ahead_step;
    for (std::int64_t k = 0; k < step.count; ++k, columns += 3 * width, v += positions * size) {
      const Packet g[3] = {pload<Packet>(columns), pload<Packet>(columns + width), pload<Packet>(columns + 2 * width)};
      Packet u[points];
      Points::filter(g, u);
      brindle::detail::prefetch<2>(ahead);
      if constexpr (group == whole_row) brindle::detail::prefetch<2>(ahead + ahead_step / 2);
      ahead += ahead_step;
#pragma GCC unroll 6
      for (int p = 0; p < positions; ++p)
#pragma GCC unroll 12
        for (int i = 0; i < size; ++i)
          sum[p][i] = pmadd(pset1<Packet>(v[p * size + i]), u[groups[group][at(p)]], sum[p][i]);
    }
#pragma GCC unroll 6
    for (int p = 0; p < positions; ++p)
#pragma GCC unroll 12
      for (int i = 0; i < size; ++i) pstore(step.so_far + (p * size + i) * width, sum[p][i]);
  }

  static void run(const Strip& s, const Step& step) {
    static constexpr auto table = []<std::size_t... i>(std::index_sequence<i...>) {
      return std::array<void (*)(const Step&), sizeof...(i)>{
          strip<static_cast<int>(i / sizes.size()),
                std::min(sizes[i % sizes.size()], i / sizes.size() == at(whole_row) ? tiles_of_whole_row : most)>...};
    }
    (std::make_index_sequence<groups.size() * sizes.size()>());
    const auto size = std::find(sizes.begin(), sizes.end(), s.size) - sizes.begin();
    table[at(s.group) * sizes.size() + static_cast<std::size_t>(size)](step);
  }

  /// Sums of a slice -> M.
  void take(const Strip& s, const T* so_far, T* sums, std::int64_t m_row, std::int64_t m_plane, bool accumulate) const {
    using namespace Eigen::internal;
    for (int p = 0; p < members(s.group); ++p)
      for (int t = 0; t < s.size; ++t, so_far += width) {
        if (!has(s, p, t)) continue;
        T* to = sums + s.position(p) * m_plane + (s.begin + t) * m_row;
        const Packet sum = pload<Packet>(so_far);
        pstoreu(to, accumulate ? padd(sum, ploadu<Packet>(to)) : sum);
      }
  }

  Tiles tiles_;
  std::array<Strip, points * 3 * ((most_tiles + most - 1) / most)> strips_;
  int count_ = 0;            // of them
  std::int64_t values_ = 0;  // of an input channel, in all strips
};

}  // namespace brindle::ops::kernel
