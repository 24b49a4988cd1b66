// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/train/cuda_kernels.hpp"
#include "brindle/train/row_arithmetic.hpp"

namespace brindle::detail {

/// As on the Cpu; all is in the GPU's memory.
template <class T>
struct RowArithmetic<T, Cuda> {
  static void add_leaf(const Cuda& on, const LeafRows<T>& rows, std::size_t level, std::int64_t at, const T* from,
                       std::int64_t count) {
    launch(on, count, AddLeaf<T>{rows.first + at, rows.size, static_cast<std::int64_t>(level), from});
  }

  static void add(const Cuda& on, std::span<const T> left, std::span<const T> right, std::span<T> to) {
    launch(on, static_cast<std::int64_t>(to.size()), AddRows<T>{left.data(), right.data(), to.data()});
  }

  static void copy(const Cuda& on, const T* from, T* to, std::int64_t count) {
    Memory<Cuda>::copy(on, to, from, static_cast<std::size_t>(count) * sizeof(T));
  }
};

}  // namespace brindle::detail
