// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/gemm.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// Three ways, by shape; each cuts its work by the sizes alone, so the bits do not depend on the threads.
///
/// - streamed: few rows of C, B as it lies. B is read once, from front to back, in pieces of K; each piece has a sum of
///   its own, and the sums are added in order.
/// - turned: few rows of C, B transposed in memory. The micro-kernel makes tiles of C' = B A', reads B as it lies, and
///   the small A is what is packed.
/// - packed: all of B in panels first, then blocks of C.
template <class T>
struct gemm<T, Cpu> {
  using Tile = MicroTile<T>;

  static std::int64_t workspace(const Cpu& on, std::int64_t m, std::int64_t n, std::int64_t k, const GemmOptions& o) {
    Scratch scratch;
    const Plan plan(m, n, k, o);
    if (plan.way == Way::streamed) {
      scratch.take<T>(plan.parts * m * Tile::padded(n));
      PerWorker<T>::take(scratch, on.threads(), piece * Tile::padded(n));
    } else if (plan.way == Way::turned) {
      scratch.take<T>(k * Tile::padded(m));
    } else {
      scratch.take<T>(k * Tile::padded(n));
      PerWorker<T>::take(scratch, on.threads(), block_rows * a_row);
    }
    return scratch.bytes();
  }

  static void run(const Cpu& on, const MatrixView<const T>& a, const MatrixView<const T>& b, In<T, Cpu> bias,
                  const MatrixView<T>& c, const GemmOptions& o, Workspace<Cpu> workspace) {
    const std::int64_t m = c.rows, n = c.columns, k = o.transpose_a ? a.rows : a.columns;
    const Plan plan(m, n, k, o);
    const Call call{on, a, b, bias.data, c, o, m, n, k, o.transpose_a ? 1 : a.stride, o.transpose_a ? a.stride : 1};
    Scratch scratch(workspace);
    if (plan.way == Way::streamed)
      streamed(call, plan.parts, scratch);
    else if (plan.way == Way::turned)
      turned(call, scratch);
    else
      packed(call, scratch);
  }

 private:
  enum class Way { streamed, turned, packed };

  static constexpr std::int64_t few_rows = 64;                         // of C, that leave memory the slower part
  static constexpr std::int64_t piece = 60;                            // rows of B that are streamed at a time
  static constexpr std::int64_t block_rows = 6 * Tile::rows;           // of C, in a task of `packed`
  static constexpr std::int64_t block_columns = 8 * Tile::columns;     // of C, in a task of `packed`
  static constexpr std::int64_t turned_rows = 4 * Tile::rows;          // of C', in a task of `turned`
  static constexpr std::int64_t a_row = Tile::depth + 64 / sizeof(T);  // rows of A fall into different cache sets

  struct Plan {
    Way way;
    std::int64_t parts;  // of the sum over K

    Plan(std::int64_t m, std::int64_t n, std::int64_t k, const GemmOptions& o) : way(Way::packed), parts(1) {
      if (m > few_rows || k * n < 4096) return;
      way = o.transpose_b ? Way::turned : Way::streamed;
      // Parts of at least 64 K elements of B, and at most as large, all together, as a quarter of B.
      if (way == Way::streamed)
        parts = std::max<std::int64_t>(1, std::min<std::int64_t>({64, k * n / 65536, k / (4 * m)}));
    }
  };

  struct Call {
    const Cpu& on;
    MatrixView<const T> a, b;
    const T* bias;
    MatrixView<T> c;
    const GemmOptions& o;
    std::int64_t m, n, k;
    std::int64_t a_row, a_k;  // steps in A from row to row and along K
  };

  static void streamed(const Call& call, std::int64_t parts, Scratch& scratch) {
    const std::int64_t row = Tile::padded(call.n), sum = call.m * row;
    T* sums = scratch.take<T>(parts * sum);
    const PerWorker<T> panels = PerWorker<T>::take(scratch, call.on.threads(), piece * row);
    const std::int64_t strip = parts > 1 ? row : 2 * Tile::columns;  // one part: the columns are what is parallel
    const std::int64_t strips = (row + strip - 1) / strip;
    call.on.parallel(parts * strips, [&](std::int64_t task, int worker) {
      const std::int64_t part = task / strips, j = task % strips * strip, columns = std::min(strip, call.n - j);
      const std::int64_t begin = part * call.k / parts, end = (part + 1) * call.k / parts;
      // Several tiles use a piece: a packed copy is read from memory once, front to back, and does not fall into few
      // cache sets, as rows that are a power of two apart do.
      const bool pack = call.m > Tile::rows || columns % Tile::width != 0;
      MicroProduct<T> p;
      p.a_row = call.a_row;
      p.a_k = call.a_k;
      p.c = sums + part * sum + j;
      p.c_row = row;
      for (std::int64_t t = begin; t < end || t == begin; t += piece) {
        p.k = std::min(piece, end - t);
        p.accumulate = t > begin;
        p.a = call.a.data + t * call.a_k;
        p.b = call.b.data + t * call.b.stride + j;
        p.b_row = call.b.stride;
        if (pack) {
          pack_panels(p.b, call.b.stride, 1, p.k, columns, panels.of(worker));
          p.b = panels.of(worker);
        }
        micro_block(p, call.m, Tile::padded(columns), pack ? p.k * Tile::columns : 0);
      }
    });
    call.on.parallel_ranges(call.n, 1024, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = 0; i < call.m; ++i) {
        T* to = sums + i * row;
        for (std::int64_t part = 1; part < parts; ++part) {
          const T* from = to + part * sum;
          for (std::int64_t j = begin; j < end; ++j) to[j] += from[j];
        }
        finish(call, i, begin, end - begin, to + begin, 1);
      }
    });
  }

  static void turned(const Call& call, Scratch& scratch) {
    T* panels = scratch.take<T>(call.k * Tile::padded(call.m));
    pack_panels(call.a.data, call.a_k, call.a_row, call.k, call.m, panels);
    call.on.parallel_ranges(call.n, turned_rows, [&](std::int64_t begin, std::int64_t end) {
      T tile[turned_rows * few_rows];
      MicroProduct<T> p;
      p.a_row = call.b.stride;
      p.b = panels;
      p.c_row = Tile::padded(call.m);
      for (std::int64_t j = begin; j < end; j += Tile::rows) {
        const std::int64_t rows = std::min<std::int64_t>(Tile::rows, end - j);
        p.c = tile + (j - begin) * p.c_row;
        for (std::int64_t t = 0; t < call.k || t == 0; t += Tile::depth) {
          p.k = std::min<std::int64_t>(Tile::depth, call.k - t);
          p.a = call.b.data + j * call.b.stride + t;
          p.accumulate = t > 0;
          for (std::int64_t r = 0; r < Tile::rows && j + Tile::rows + r < call.n; ++r)
            prefetch(p.a + (Tile::rows + r) * call.b.stride, p.k);
          micro_block(p, rows, p.c_row, call.k * Tile::columns, t);
        }
      }
      for (std::int64_t i = 0; i < call.m; ++i) finish(call, i, begin, end - begin, tile + i, p.c_row);
    });
  }

  static void prefetch(const T* from, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += Tile::line) brindle::detail::prefetch<2>(from + i);
  }

  /// Rows of A, `row` apart, are copied to where they fall into different cache sets; memory is read from front to
  /// back.
  static void copy_rows(MicroProduct<T>& p, std::int64_t row, std::int64_t rows, T* copy) {
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(p.a + r * row, p.k, copy + r * a_row);
    p.a = copy;
    p.a_row = a_row;
  }

  /// Row i, columns [j, j + count) of C from the finished sums, which lie `step` apart.
  static void finish(const Call& call, std::int64_t i, std::int64_t j, std::int64_t count, const T* sums,
                     std::int64_t step) {
    T* c = call.c.data + i * call.c.stride + j;
    for (std::int64_t q = 0; q < count; ++q) {
      T sum = sums[q * step];
      if (call.bias) sum += call.bias[j + q];
      if (call.o.accumulate) sum += c[q];
      c[q] = sum;
    }
    if (call.o.activation != ActivationFunction::linear) activate_range(call.o.activation, c, c, count);
  }

  static void packed(const Call& call, Scratch& scratch) {
    T* panels = scratch.take<T>(call.k * Tile::padded(call.n));
    const PerWorker<T> copies = PerWorker<T>::take(scratch, call.on.threads(), block_rows * a_row);
    const std::int64_t b_row = call.o.transpose_b ? 1 : call.b.stride,
                       b_column = call.o.transpose_b ? call.b.stride : 1;
    call.on.parallel_ranges(call.n, Tile::columns, [&](std::int64_t begin, std::int64_t end) {
      pack_panels(call.b.data + begin * b_column, b_row, b_column, call.k, end - begin, panels + begin * call.k);
    });
    const std::int64_t strips = (call.n + block_columns - 1) / block_columns;
    const auto last = ActivationSteps<T>::of(call.o.activation);
    call.on.parallel((call.m + block_rows - 1) / block_rows * strips, [&](std::int64_t task, int worker) {
      const std::int64_t i = task / strips * block_rows, rows = std::min(block_rows, call.m - i);
      const std::int64_t j = task % strips * block_columns, columns = std::min(block_columns, call.n - j);
      MicroProduct<T> p;
      p.c = call.c.data + i * call.c.stride + j;
      p.c_row = call.c.stride;
      p.least = last.least, p.most = last.most;
      for (std::int64_t t = 0; t < call.k || t == 0; t += Tile::depth) {
        p.k = std::min<std::int64_t>(Tile::depth, call.k - t);
        p.a = call.a.data + i * call.a_row + t * call.a_k;
        p.a_row = call.a_row;
        p.a_k = call.a_k;
        if (call.a_k == 1 && columns > 2 * Tile::columns) copy_rows(p, call.a_row, rows, copies.of(worker));
        p.b = panels + j * call.k;
        p.bias = t == 0 && call.bias ? call.bias + j : nullptr;
        p.accumulate = call.o.accumulate || t > 0;
        p.clamps = last.clamps && t + Tile::depth >= call.k;
        micro_matrix(p, rows, columns, call.k * Tile::columns, t);
      }
      if (last.after != ActivationFunction::linear) activate_rows(last.after, p.c, rows, p.c_row, columns);
    });
  }
};

}  // namespace brindle::ops::kernel
