// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "brindle/core/memory.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/eigen.hpp"

namespace brindle::ops::kernel {

/// The tile of C that the micro-kernel keeps in registers: `rows` rows of `packets` SIMD packets, so that its
/// accumulators, one row of B and one broadcast element of A fill the register file.
template <class T>
struct MicroTile {
  static constexpr int width = Eigen::internal::packet_traits<T>::size;  ///< elements in a packet
  static constexpr bool many_registers = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32;
  static constexpr int rows = many_registers ? 14 : 6;
  static constexpr int packets = 2;
  static constexpr int columns = width * packets;
  static constexpr std::int64_t line = detail::memory_alignment / sizeof(T);  ///< elements in a cache line
  static constexpr std::int64_t depth = 256;  ///< a panel of B, depth x columns, stays in half a level 1 cache

  static constexpr std::int64_t padded(std::int64_t n) { return (n + width - 1) / width * width; }
};

/// One tile of a product, as sums over `segments` runs of `k` steps each:
///
///     C(i, j) = [bias(j)] + sum over s, t of A(i, s, t) B(s k + t, j) [+ C(i, j)]
///
/// and behind that [(C(i, j) - mean(j)) factor(j) + shift(j)] [+ residual(i, j)], cut off at `least` and `most` if
/// clamps
///
///     A(i, s, t) = a[i a_row + s a_segment + t a_k]     B(r, j) = b[r b_row + j]     C(i, j) = c[i c_row + j]
///
/// A plain product has one segment. A convolution has one per row of the filter: the pixels below a row of the filter
/// lie side by side in the picture, so the picture itself is A. Sums run in the order of s and t whatever the tile's
/// size, so an element of C has the same bits wherever a tile's border falls; what is accumulated comes last, so that
/// rounding errors grow with the length of a slice, not with the whole sum.
template <class T>
struct MicroProduct {
  const T* a = nullptr;
  std::int64_t a_row = 0, a_k = 1, a_segment = 0;
  const T* b = nullptr;
  std::int64_t b_row = 0;
  T* c = nullptr;
  std::int64_t c_row = 0;
  std::int64_t k = 0, segments = 1;
  const T* bias = nullptr;
  const T* mean = nullptr;  ///< null: neither mean nor factor and shift
  const T *factor = nullptr, *shift = nullptr;
  const T* residual = nullptr;  ///< with C's rows
  bool accumulate = false;
  std::int64_t tail = 0;  ///< elements that the last packet of a row of C has, beyond which nothing is touched; 0: all
  bool clamps = false;    ///< C is cut off
  T least = 0, most = std::numeric_limits<T>::infinity();
  const T* ahead = nullptr;      ///< memory that is needed soon: at each step it is prefetched; null: none
  const T* ahead_end = nullptr;  ///< where it ends; null: it is as long as there are steps
  std::int64_t ahead_step = MicroTile<T>::line;  ///< and what it goes on by, elements; a cache line at most

  /// `steps` steps have been made.
  void move_ahead(std::int64_t steps) {
    if (ahead) ahead += steps * ahead_step;
    if (ahead_end && ahead >= ahead_end) ahead = nullptr;
  }
};

/// The first `count` elements at `from`, then zeros; of a whole packet if count is 0.
template <class T, class Packet>
Packet load_part(const T* from, std::int64_t count) {
  constexpr int width = MicroTile<T>::width;
  if (count == 0) return Eigen::internal::ploadu<Packet>(from);
  alignas(64) T all[width] = {};
  std::memcpy(all, from, static_cast<std::size_t>(count) * sizeof(T));
  return Eigen::internal::pload<Packet>(all);
}

/// The first `count` elements of a packet, all of them if count is 0.
template <class T, class Packet>
void store_part(T* to, const Packet& packet, std::int64_t count) {
  constexpr int width = MicroTile<T>::width;
  if (count == 0) return Eigen::internal::pstoreu(to, packet);
  alignas(64) T all[width];
  Eigen::internal::pstore(all, packet);
  if (count == width / 2)  // often, and then a move instead of a call
    std::memcpy(to, all, width / 2 * sizeof(T));
  else
    std::memcpy(to, all, static_cast<std::size_t>(count) * sizeof(T));
}

/// The tile rows x (packets * width). row_step: A's a_row when it is known to be 1, else 0.
template <class T, int rows, int packets, int row_step>
[[gnu::noinline]] void micro_tile(const MicroProduct<T>& p) {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  using namespace Eigen::internal;
  constexpr int width = MicroTile<T>::width;
  Packet sum[rows][packets];
  const std::int64_t a_row = row_step ? row_step : p.a_row;
#pragma GCC unroll 8
  for (int j = 0; j < packets; ++j) {
    const Packet first = p.bias ? ploadu<Packet>(p.bias + j * width) : pset1<Packet>(T(0));
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) sum[i][j] = first;
  }
  const T* b = p.b;
  // Calls for memory between the products, where it has time to come, into the level 2 cache: the first has room for
  // few lines on their way. Without any, for what is there already. Tiles of one packet have no load to spare.
  const T* ahead = p.ahead ? p.ahead : p.b;
  const std::int64_t line = p.ahead ? p.ahead_step : 0;
  const std::int64_t segments = p.k > 0 ? p.segments : 0;  // without steps there may be no A
  for (std::int64_t s = 0; s < segments; ++s) {
    // Three pointers and the multiples 1, 2, 3 and 4 of the step reach 15 rows with the addressing modes of x86.
    const T* a0 = p.a + s * p.a_segment;
    const T* a1 = a0 + 5 * a_row;
    const T* a2 = a0 + 10 * a_row;
    const std::int64_t a_row3 = 3 * a_row;
    for (std::int64_t t = 0; t < p.k; ++t) {
      Packet bj[packets];
#pragma GCC unroll 8
      for (int j = 0; j < packets; ++j) bj[j] = ploadu<Packet>(b + j * width);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
        const T* base = i < 5 ? a0 : i < 10 ? a1 : a2;
        const Packet ai = pset1<Packet>(i % 5 == 3 ? base[a_row3] : base[(i % 5) * a_row]);
#pragma GCC unroll 8
        for (int j = 0; j < packets; ++j) sum[i][j] = pmadd(ai, bj[j], sum[i][j]);
      }
      if (packets > 1 || line > 0) {
        brindle::detail::prefetch<2>(ahead);
        ahead += line;
      }
      a0 += p.a_k, a1 += p.a_k, a2 += p.a_k;
      b += p.b_row;
    }
  }
  if (p.accumulate) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < packets; ++j)
        sum[i][j] = padd(sum[i][j], load_part<T, Packet>(p.c + i * p.c_row + j * width, j + 1 < packets ? 0 : p.tail));
  }
  if (p.mean) {
#pragma GCC unroll 8
    for (int j = 0; j < packets; ++j) {
      const Packet mean = ploadu<Packet>(p.mean + j * width), factor = ploadu<Packet>(p.factor + j * width),
                   shift = ploadu<Packet>(p.shift + j * width);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) sum[i][j] = pmadd(psub(sum[i][j], mean), factor, shift);
    }
  }
  if (p.residual) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < packets; ++j)
        sum[i][j] =
            padd(sum[i][j], load_part<T, Packet>(p.residual + i * p.c_row + j * width, j + 1 < packets ? 0 : p.tail));
  }
  if (p.clamps) {
    const Packet least = pset1<Packet>(p.least);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < packets; ++j) sum[i][j] = sum[i][j] < least ? least : sum[i][j];
    if (p.most < std::numeric_limits<T>::infinity()) {
      const Packet most = pset1<Packet>(p.most);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
        for (int j = 0; j < packets; ++j) sum[i][j] = most < sum[i][j] ? most : sum[i][j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < packets; ++j)
      store_part(p.c + i * p.c_row + j * width, sum[i][j], j + 1 < packets ? 0 : p.tail);
}

/// A tile of 1 <= rows <= MicroTile::rows, 1 <= packets <= MicroTile::packets.
template <class T>
void micro_kernel(const MicroProduct<T>& p, int rows, int packets) {
  using Tile = void (*)(const MicroProduct<T>&);
  constexpr int r = MicroTile<T>::rows, q = MicroTile<T>::packets;
  static constexpr auto table = []<std::size_t... i>(std::index_sequence<i...>) {
    return std::array<Tile, sizeof...(i)>{
        micro_tile<T, static_cast<int>(i) / (2 * q) + 1, static_cast<int>(i) / 2 % q + 1, static_cast<int>(i) % 2>...};
  }
  (std::make_index_sequence<static_cast<std::size_t>(r * q * 2)>());
  table[static_cast<std::size_t>(((rows - 1) * q + packets - 1) * 2 + (p.a_row == 1 ? 1 : 0))](p);
}

/// C (m x n) of the same product for any m; n is a multiple of the packet's width, and bias and B have n columns to
/// read, C too but for its tail. b_panel: B is packed in panels of MicroTile::columns columns that lie b_panel elements
/// apart (the last may be narrower: b_row is then its own width) and b_first is the first row of it to use; or b_panel
/// is 0 and B is one matrix with b_row elements in a row. `ahead` goes on from tile to tile.
template <class T>
void micro_block(MicroProduct<T> p, std::int64_t m, std::int64_t n, std::int64_t b_panel = 0,
                 std::int64_t b_first = 0) {
  using Tile = MicroTile<T>;
  // Rows are dealt evenly: 15 rows are 8 and 7, not 14 and 1.
  const std::int64_t bands = (m + Tile::rows - 1) / Tile::rows;
  const MicroProduct<T> whole = p;
  for (std::int64_t j = 0; j < n; j += Tile::columns) {
    const int packets = static_cast<int>(std::min<std::int64_t>(Tile::columns, n - j) / Tile::width);
    p.tail = j + Tile::columns < n ? 0 : whole.tail;
    if (b_panel) p.b_row = packets * Tile::width;
    p.b = b_panel ? whole.b + j / Tile::columns * b_panel + b_first * p.b_row : whole.b + j;
    if (whole.bias) p.bias = whole.bias + j;
    if (whole.mean) p.mean = whole.mean + j, p.factor = whole.factor + j, p.shift = whole.shift + j;
    for (std::int64_t band = 0; band < bands; ++band) {
      const std::int64_t i = band * m / bands, end = (band + 1) * m / bands;
      p.a = whole.a + i * p.a_row;
      p.c = whole.c + i * p.c_row + j;
      if (whole.residual) p.residual = whole.residual + i * p.c_row + j;
      micro_kernel(p, static_cast<int>(end - i), packets);
      p.move_ahead(p.segments * p.k);
    }
  }
}

/// C (m x n), with nothing behind the sums but a limit, for any n: B has its columns padded with anything up to a whole
/// packet, C and bias have n.
template <class T>
void micro_matrix(const MicroProduct<T>& p, std::int64_t m, std::int64_t n, std::int64_t b_panel = 0,
                  std::int64_t b_first = 0) {
  using Tile = MicroTile<T>;
  // Whole panels, and then what is left by way of a tile with room for whole packets.
  const std::int64_t whole = n % Tile::width == 0 ? n : n / Tile::columns * Tile::columns, rest = n - whole;
  if (whole > 0) micro_block(p, m, whole, b_panel, b_first);
  if (rest == 0) return;
  const std::int64_t padded = Tile::padded(rest);
  T tile[Tile::rows * Tile::columns], bias[Tile::columns] = {};
  if (p.bias) std::copy_n(p.bias + whole, rest, bias);
  MicroProduct<T> q = p;
  q.b = b_panel ? p.b + whole / Tile::columns * b_panel + b_first * padded : p.b + whole;
  if (b_panel) q.b_row = padded;
  if (p.bias) q.bias = bias;
  q.c = tile;
  q.c_row = padded;
  q.accumulate = q.clamps = false;
  for (std::int64_t i = 0; i < m; i += Tile::rows) {
    const std::int64_t count = std::min<std::int64_t>(Tile::rows, m - i);
    q.a = p.a + i * p.a_row;
    micro_kernel(q, static_cast<int>(count), static_cast<int>(padded / Tile::width));
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t j = 0; j < rest; ++j) {
        T& c = p.c[(i + r) * p.c_row + whole + j];
        const T sum = p.accumulate ? tile[r * padded + j] + c : tile[r * padded + j];
        c = !p.clamps ? sum : sum < p.least ? p.least : p.most < sum ? p.most : sum;
      }
  }
}

/// B (k x n), element (t, j) at b[t row + j column], packed in panels of MicroTile::columns columns with zeros up to
/// whole packets: `to` has k * padded(n) elements, and the panels lie k * columns apart.
template <class T>
void pack_panels(const T* b, std::int64_t row, std::int64_t column, std::int64_t k, std::int64_t n, T* to) {
  using Tile = MicroTile<T>;
  const std::int64_t whole = column == 1 ? n / Tile::columns * Tile::columns : 0;
  for (std::int64_t t = 0; t < k; ++t)  // B from front to back
    for (std::int64_t j = 0; j < whole; j += Tile::columns)
      for (int i = 0; i < Tile::columns; ++i) to[j * k + t * Tile::columns + i] = b[t * row + j + i];
  for (std::int64_t j = whole; j < n; j += Tile::columns) {
    const std::int64_t count = std::min<std::int64_t>(Tile::columns, n - j), padded = Tile::padded(count);
    T* panel = to + j * k;
    for (std::int64_t t = 0; t < k; ++t) {
      for (std::int64_t i = 0; i < count; ++i) panel[t * padded + i] = b[t * row + (j + i) * column];
      std::fill_n(panel + t * padded + count, padded - count, T(0));
    }
  }
}

}  // namespace brindle::ops::kernel
