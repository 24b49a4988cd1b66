// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "brindle/core/prefetch.hpp"
#include "brindle/ops/cpu_flags.hpp"
#include "brindle/ops/eigen.hpp"  // whose pragmas keep g++ silent about intrinsics

#if BRINDLE_UNIT_AMX
#include <immintrin.h>
#endif

namespace brindle::ops::kernel::amx {

inline constexpr bool built_in = BRINDLE_UNIT_AMX != 0;

// float32 products on the matrix unit of Intel's processors (AMX), which multiplies bfloat16.
//
// A float has 24 significant bits, a bfloat16 8 and the same exponents, so that each float is exactly a sum of three:
//
//     x = x0 + x1 + x2     x0 = round(x)     x1 = round(x - x0), at most 2^-8 |x|     x2 = x - x0 - x1, 2^-16 |x|
//
// and of the nine products of two such sums the three of at most 2^-24 of the whole are left out:
//
//     a b = a0 b0 + (a0 b1 + a1 b0) + (a0 b2 + a1 b1 + a2 b0)
//
// Products are exact, sums are float32, and 32 of them are added up before they join the others: the error is half of
// that of a float32 product whose every addition rounds. Six products of bfloat16 take two fifths of the time of one in
// float32 with AVX-512. Denormal numbers are zero, as in all tasks of a Cpu. An infinity gives NaN, as does a number
// above 3.39e38, which bfloat16 has not.
//
// The unit has eight registers of 16 rows of 64 bytes. One instruction adds the product of two of them, 16 x 32 by 32 x
// 16, to a third one.

inline constexpr std::int64_t rows = 16, columns = 32;              ///< of C: 16 at a time, and those of a panel of B
inline constexpr std::int64_t depth = 32;                           ///< steps of the sum in a chunk
inline constexpr std::int64_t pieces = 3;                           ///< of a float
inline constexpr std::int64_t chunk_bytes = pieces * depth * 2;     ///< of a row of A: its pieces one behind the other
inline constexpr std::int64_t panel_bytes = columns * chunk_bytes;  ///< of a chunk of B

inline std::int64_t chunks(std::int64_t k) { return (k + depth - 1) / depth; }

/// Bytes from row to row of A: an odd number of cache lines, so that rows fall into different sets.
inline std::int64_t row_bytes(std::int64_t k) { return (chunks(k) * pieces | 1) * 64; }

/// 16 rows of C, or 32, of a panel's 32 columns:
///
///     C(i, j) = [C(i, j) +] sum over chunks q, t < 32 of A(i, q, t) B(q, t, j)
///
/// where A(i, q) lies i a_row + offset[q] bytes behind `a`: in a convolution chunks are of several pixels.
struct Product {
  const std::byte* a = nullptr;
  std::int64_t a_row = 0;
  const std::int64_t* offset = nullptr;
  std::int64_t chunks = 0;
  const std::byte* b = nullptr;  ///< of a panel, chunk behind chunk
  float* c = nullptr;            ///< (rows, 32)
  bool accumulate = false;
  const std::byte* ahead = nullptr;  ///< memory that is needed soon: so many lines of it are prefetched in each chunk
  std::int64_t ahead_lines = 0;
};

#if BRINDLE_UNIT_AMX

/// While one lives, the calling thread has the registers.
class Tiles {
 public:
  Tiles() { configure(); }
  [[gnu::target("amx-tile")]] ~Tiles() { _tile_release(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  /// Of C the next products make so many rows, 1 to 32: more than 16 by tile<32>(), others by tile<16>(). The unit's
  /// time goes by rows.
  void take(std::int64_t count) {
    const auto upper = static_cast<std::uint8_t>(std::min(count, rows));
    const auto lower = static_cast<std::uint8_t>(count > rows ? count - rows : rows);
    if (upper == shape_.rows[0] && lower == shape_.rows[2]) return;
    shape_.rows[0] = shape_.rows[1] = shape_.rows[4] = upper;
    shape_.rows[2] = shape_.rows[3] = shape_.rows[5] = lower;
    configure();
  }

 private:
  struct alignas(64) Shape {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  };
  [[gnu::target("amx-tile")]] void configure() const { asm volatile("ldtilecfg %0" : : "m"(shape_)); }

  Shape shape_;
};

/// To eight bits; a half goes up.
[[gnu::always_inline]] inline __m512 rounded(__m512 x) {
  return _mm512_castsi512_ps(_mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000)),
                                              _mm512_set1_epi32(static_cast<int>(0xffff0000U))));
}

/// store(x, y, piece) with the three pieces of two packets, each in the upper half of its element.
template <class Store>
[[gnu::always_inline]] inline void split(__m512 x, __m512 y, const Store& store) {
  const __m512 x0 = rounded(x), y0 = rounded(y);
  store(x0, y0, 0);
  x = _mm512_sub_ps(x, x0), y = _mm512_sub_ps(y, y0);
  const __m512 x1 = rounded(x), y1 = rounded(y);
  store(x1, y1, 1);
  store(_mm512_sub_ps(x, x1), _mm512_sub_ps(y, y1), 2);  // seven bits are left
}

/// The pieces of 32 floats in two packets, one behind the other, as 32 bfloat16 each.
[[gnu::always_inline]] inline void split_behind(__m512 low, __m512 high, std::byte* to) {
  alignas(64) static constexpr std::uint16_t odd[32] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                                        33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
  const __m512i upper_halves = _mm512_load_si512(odd);
  split(low, high, [&](__m512 x, __m512 y, int piece) {
    _mm512_storeu_si512(to + piece * 64,
                        _mm512_permutex2var_epi16(_mm512_castps_si512(x), upper_halves, _mm512_castps_si512(y)));
  });
}

/// The pieces of 16 columns of two rows of a panel of B, as the unit reads it: an element of one row and of the other
/// in turn.
[[gnu::always_inline]] inline void split_pair(__m512 row, __m512 next, std::byte* to) {
  split(row, next, [&](__m512 x, __m512 y, int piece) {
    _mm512_storeu_si512(to + piece * (panel_bytes / pieces),
                        _mm512_or_si512(_mm512_srli_epi32(_mm512_castps_si512(x), 16), _mm512_castps_si512(y)));
  });
}

/// k floats, with zeros up to a whole chunk.
inline void split_row(const float* from, std::int64_t k, std::byte* to) {
  for (; k >= depth; k -= depth, from += depth, to += chunk_bytes)
    split_behind(_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16), to);
  if (k == 0) return;
  const auto first = [](std::int64_t count) {
    return static_cast<__mmask16>((1U << std::min<std::int64_t>(count, 16)) - 1);
  };
  split_behind(_mm512_maskz_loadu_ps(first(k), from),
               _mm512_maskz_loadu_ps(first(std::max<std::int64_t>(k - 16, 0)), from + 16), to);
}

/// A chunk of a panel of B in pieces, in the order in which the unit reads it: of 16 columns and then of the others,
/// two rows side by side, an element of one and of the other in turn. Element (t, j) is from[t row + j column]; zeros
/// stand behind k steps and n columns. to: panel_bytes.
inline void pack_chunk(const float* from, std::int64_t row, std::int64_t column, std::int64_t k, std::int64_t n,
                       std::byte* to) {
  for (std::int64_t j = 0; j < columns; j += 16)
    for (std::int64_t t = 0; t < depth; t += 2, to += 64) {
      const float* at = from + t * row + j * column;
      const bool whole = t + 2 <= k && j + 16 <= n;
      if (whole && column == 1) {
        split_pair(_mm512_loadu_ps(at), _mm512_loadu_ps(at + row), to);
        continue;
      }
      alignas(64) float two[2][16];
      for (std::int64_t i = 0; i < 16; ++i)
        for (std::int64_t s = 0; s < 2; ++s)
          two[s][i] = whole || (t + s < k && j + i < n) ? at[s * row + i * column] : 0.0F;
      split_pair(_mm512_load_ps(two[0]), _mm512_load_ps(two[1]), to);
    }
}

/// What follows the sums of C: (C + bias - mean) factor + shift + residual, cut off.
struct Behind {
  /// With zeros up to whole panels; null but for bias: none.
  const float *bias = nullptr, *mean = nullptr, *factor = nullptr, *shift = nullptr;
  const float* residual = nullptr;  ///< where y's is; null: none
  bool clamps = false;
  float least = 0, most = std::numeric_limits<float>::infinity();
};

/// Rows of C on their way to y: a panel of it, behind whose sums stands what there is. They are finished between the
/// products of other rows, while the matrix unit works.
class Finish {
 public:
  Finish() = default;  ///< of no rows
  /// Columns [j, j + count) of C, which begin at `y`.
  Finish(const Behind& p, std::int64_t j, std::int64_t count, float* y)
      : y_(y), residual_(p.residual), normalizes_(p.mean != nullptr), clamps_(p.clamps) {
    for (int i = 0; i < 2; ++i) {
      const std::int64_t at = j + 16 * i;
      wanted_[i] = static_cast<__mmask16>((1U << std::clamp<std::int64_t>(count - 16 * i, 0, 16)) - 1);
      bias_[i] = _mm512_loadu_ps(p.bias + at);
      mean_[i] = normalizes_ ? _mm512_loadu_ps(p.mean + at) : _mm512_setzero_ps();
      factor_[i] = normalizes_ ? _mm512_loadu_ps(p.factor + at) : _mm512_setzero_ps();
      shift_[i] = normalizes_ ? _mm512_loadu_ps(p.shift + at) : _mm512_setzero_ps();
    }
    least_ = _mm512_set1_ps(p.least), most_ = _mm512_set1_ps(p.most);
  }

  /// Rows that come next: their sums, and where they go, in elements from `y` on; less than 0: nowhere.
  void take(const float* sums, const std::int32_t* to, std::int64_t count) { sums_ = sums, to_ = to, left_ = count; }

  std::int64_t left() const { return left_; }

  /// Finishes so many of them.
  [[gnu::always_inline]] void rows(std::int64_t count) {
    if (count > left_) count = left_;
    left_ -= count;
    for (; count > 0; --count, sums_ += columns, ++to_)
      if (*to_ >= 0) row(sums_, *to_);
  }

 private:
  [[gnu::always_inline]] void row(const float* sums, std::int64_t to) const {
    for (int i = 0; i < 2; ++i) {
      __m512 y = _mm512_add_ps(_mm512_load_ps(sums + 16 * i), bias_[i]);
      if (normalizes_) y = _mm512_fmadd_ps(_mm512_sub_ps(y, mean_[i]), factor_[i], shift_[i]);
      if (residual_) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(wanted_[i], residual_ + to + 16 * i));
      if (clamps_) {  // a NaN stays one
        y = _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(y, least_, _CMP_LT_OQ), least_);
        y = _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(most_, y, _CMP_LT_OQ), most_);
      }
      _mm512_mask_storeu_ps(y_ + to + 16 * i, wanted_[i], y);
    }
  }

  float* y_ = nullptr;
  const float *residual_ = nullptr, *sums_ = nullptr;
  const std::int32_t* to_ = nullptr;
  std::int64_t left_ = 0;
  bool normalizes_ = false, clamps_ = false;
  __mmask16 wanted_[2];
  __m512 bias_[2], mean_[2], factor_[2], shift_[2], least_, most_;
};

/// 16 or 32 rows of C. Small products come first in each chunk, so that an element has the same bits in both.
/// before: rows that are finished meanwhile.
template <int count>
[[gnu::noinline, gnu::target("amx-tile,amx-bf16")]] inline void tile(const Product& p, Finish& before) {
  static_assert(count == 16 || count == 32);
  constexpr bool two = count == 32;
  asm volatile(
      "" ::
          : "memory");  // what was split is in memory: some compilers' loads of tiles do not say that they read
  constexpr std::int64_t c_row = columns * sizeof(float);
  if (p.accumulate) {
    _tile_loadd(0, p.c, c_row);
    _tile_loadd(1, p.c + 16, c_row);
    if constexpr (two) {
      _tile_loadd(2, p.c + 16 * columns, c_row);
      _tile_loadd(3, p.c + 16 * columns + 16, c_row);
    }
  } else {
    _tile_zero(0);
    _tile_zero(1);
    if constexpr (two) {
      _tile_zero(2);
      _tile_zero(3);
    }
  }
  const std::byte* b = p.b;
  const std::int64_t rows_a_chunk = before.left() / p.chunks + 1;
  for (std::int64_t q = 0; q < p.chunks; ++q, b += panel_bytes) {
    const std::byte *a = p.a + p.offset[q], *a_below = a + 16 * p.a_row;
#define BRINDLE_AMX_A(piece)               \
  _tile_loadd(4, a + (piece)*64, p.a_row); \
  if constexpr (two) _tile_loadd(5, a_below + (piece)*64, p.a_row)
#define BRINDLE_AMX_B(piece)            \
  _tile_loadd(6, b + (piece)*2048, 64); \
  _tile_loadd(7, b + (piece)*2048 + 1024, 64)
#define BRINDLE_AMX_MULTIPLY() \
  _tile_dpbf16ps(0, 4, 6);     \
  _tile_dpbf16ps(1, 4, 7);     \
  if constexpr (two) {         \
    _tile_dpbf16ps(2, 5, 6);   \
    _tile_dpbf16ps(3, 5, 7);   \
  }
    BRINDLE_AMX_A(0);
    BRINDLE_AMX_B(2);
    BRINDLE_AMX_MULTIPLY();
    BRINDLE_AMX_B(1);
    BRINDLE_AMX_MULTIPLY();
    BRINDLE_AMX_A(1);
    BRINDLE_AMX_MULTIPLY();
    BRINDLE_AMX_B(0);
    BRINDLE_AMX_MULTIPLY();
    BRINDLE_AMX_A(2);
    BRINDLE_AMX_MULTIPLY();
    BRINDLE_AMX_A(0);
    BRINDLE_AMX_MULTIPLY();
    before.rows(rows_a_chunk);
    const std::byte* ahead = p.ahead + q * p.ahead_lines * 64;
    for (std::int64_t i = 0; i < p.ahead_lines; ++i) brindle::detail::prefetch<2>(ahead + i * 64);
#undef BRINDLE_AMX_A
#undef BRINDLE_AMX_B
#undef BRINDLE_AMX_MULTIPLY
  }
  _tile_stored(0, p.c, c_row);
  _tile_stored(1, p.c + 16, c_row);
  if constexpr (two) {
    _tile_stored(2, p.c + 16 * columns, c_row);
    _tile_stored(3, p.c + 16 * columns + 16, c_row);
  }
}

#endif

}  // namespace brindle::ops::kernel::amx
