// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "brindle/core/cpu.hpp"
#include "brindle/data/prefetch.hpp"
#include "brindle/data/source.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/passes.hpp"

namespace brindle::detail {

/// The samples of the coming training steps, leaf by leaf, read ahead. Only the leaves of this process are read; with
/// one leaf a batch it is the batch.
template <class T>
class LeafBatches {
 public:
  struct Options {
    Passes::Options passes = {};  ///< what the batches are made of
    Leaves leaves = {};           ///< of each batch
    std::int64_t ahead = 2;       ///< batches that are read ahead
    std::int64_t steps = 0;       ///< batches that there are to come
  };

  /// The source and `on` as for data::Prefetch.
  LeafBatches(const data::Source& source, const Cpu& on, const Options& o)
      : o_(o),
        passes_(o.passes),
        leaf_(o.leaves.own),
        read_(source, on, o.leaves.most(o.passes.batch),
              {.ahead = std::min<std::int64_t>(o.ahead * o.leaves.own, 1024)}) {}

  /// The next leaf of this process that has samples, valid until the next call.
  typename data::Prefetch<T>::Batch next() {
    while (read_.room() > 0 && order()) {
    }
    return read_.next();
  }

  /// Seconds that next() has waited for samples.
  double waited() const { return read_.waited(); }

 private:
  /// Orders one leaf; false: there is none.
  bool order() {
    for (;;) {
      if (leaf_ == o_.leaves.own) {
        if (ordered_ == o_.steps) return false;
        batch_ = passes_.next();
        ++ordered_;
        leaf_ = 0;
      }
      const auto n = static_cast<std::int64_t>(batch_.size()), leaf = o_.leaves.first + leaf_++;
      const std::int64_t size = o_.leaves.size(n, leaf);
      if (size == 0) continue;  // a last batch of fewer samples than leaves
      read_.order(batch_.subspan(static_cast<std::size_t>(o_.leaves.begin(n, leaf)), static_cast<std::size_t>(size)));
      return true;
    }
  }

  Options o_;
  Passes passes_;
  std::span<const data::Draw> batch_;  // whose leaves are being ordered
  std::int64_t leaf_;                  // the next one of these, from 0
  std::int64_t ordered_ = 0;           // batches
  data::Prefetch<T> read_;
};

}  // namespace brindle::detail
