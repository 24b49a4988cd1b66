// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/nn/cuda_kernels.hpp"

namespace brindle::detail {

/// Element i of RowArithmetic::add_leaf().
template <class T>
struct AddLeaf {
  T* rows;             ///< the first row's element `at`
  std::int64_t size;   ///< of each row
  std::int64_t level;  ///< how many sums wait for the leaf
  const T* from;       ///< of the leaf; null: zeros

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    T sum = from ? from[i] : T(0);
    for (std::int64_t k = 0; k < level; ++k) sum = rows[k * size + i] + sum;
    rows[level * size + i] = sum;
  }
};

/// to[i] = left[i] + right[i]; to may be one of them.
template <class T>
struct AddRows {
  const T* left;
  const T* right;
  T* to;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { to[i] = left[i] + right[i]; }
};

/// Adds the penalty of the weights in a step of n samples, by one thread.
struct AddPenalty {
  const double* penalty;
  std::int64_t n;
  StepSums* sums;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t) const { sums->loss += static_cast<double>(n) * *penalty; }
};

}  // namespace brindle::detail
