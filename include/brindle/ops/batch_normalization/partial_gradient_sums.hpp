// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/batch_normalization/gradient_rows.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops::kernel {

/// The sums for a normalization in front, while dx is written: of the parts into which a kernel cuts its work whatever
/// the number of threads, which are added up in their order.
template <class T>
class PartialGradientSums {
 public:
  PartialGradientSums(Scratch& scratch, std::int64_t parts, std::int64_t channels, int workers)
      : parts_(parts),
        channels_(channels),
        sums_(scratch.take<double>(2 * parts * channels)),
        rows_(PerWorker<T>::take(scratch, workers, 2 * channels)) {}

  /// A part begins.
  void clear(std::int64_t part) const { std::fill_n(sums_ + 2 * part * channels_, 2 * channels_, 0.0); }

  /// Some rows of x, and of dx, which is still in the cache.
  void add(std::int64_t part, int worker, const Prologue<T, Cpu>& forward, const T* x, const T* dx,
           std::int64_t rows) const {
    T* now = rows_.of(worker);
    gradient_sums_of_rows(forward, x, dx, rows, now, now + channels_);
    double* sums = sums_ + 2 * part * channels_;
    for (std::int64_t i = 0; i < 2 * channels_; ++i) sums[i] += static_cast<double>(now[i]);
  }

  void add_up(const GradientSums<T, Cpu>& to) const {
    for (std::int64_t i = 0; i < channels_; ++i) {
      double scale = 0, shift = 0;
      for (std::int64_t part = 0; part < parts_; ++part) {
        scale += sums_[2 * part * channels_ + i];
        shift += sums_[(2 * part + 1) * channels_ + i];
      }
      to.scale.data[i] = static_cast<T>(scale);
      to.shift.data[i] = static_cast<T>(shift);
    }
  }

 private:
  std::int64_t parts_, channels_;
  double* sums_;
  PerWorker<T> rows_;
};

}  // namespace brindle::ops::kernel
