// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/train/team.hpp"

// A batch is cut into leaves by the number of the sample. A leaf is computed as if it were the batch; what leaves give
// is added up by a binary tree over their numbers. Which process computes a leaf makes no difference to any bit.
namespace brindle::detail {

/// The leaves of a batch, and those that are this process's.
struct Leaves {
  std::int64_t count = 1;  ///< of a batch, a power of two
  std::int64_t first = 0;  ///< of this process
  std::int64_t own = 1;    ///< how many of them are this process's, a power of two

  /// The first sample of a leaf, of a batch of n; the leaf ends where the next one begins.
  std::int64_t begin(std::int64_t n, std::int64_t leaf) const { return n * leaf / count; }
  /// Samples of a leaf; none where a batch has fewer samples than leaves.
  std::int64_t size(std::int64_t n, std::int64_t leaf) const { return begin(n, leaf + 1) - begin(n, leaf); }
  /// Samples of the largest one.
  std::int64_t most(std::int64_t n) const { return (n + count - 1) / count; }
};

/// The leaves of a batch that are this process's, one after the other.
class LeafWalk {
 public:
  explicit LeafWalk(const Leaves& leaves) : leaves_(leaves) {}

  const Leaves& leaves() const { return leaves_; }  ///< of the batch

  /// At the first one, of a batch of n samples.
  void begin(std::int64_t n) {
    n_ = n;
    next_ = 0;
  }
  /// To the next one.
  void go_on() { ++next_; }
  bool ended() const { return next_ == leaves_.own; }     ///< it was the last one
  bool last() const { return next_ + 1 == leaves_.own; }  ///< it is the last one

  std::int64_t index() const { return next_; }  ///< among those of this process, from 0
  /// Among all of the batch.
  std::uint32_t number() const { return static_cast<std::uint32_t>(leaves_.first + next_); }
  /// Its samples; 0: it has none, or there are no more leaves.
  std::int64_t size() const { return ended() ? 0 : leaves_.size(n_, leaves_.first + next_); }
  std::int64_t first_sample() const { return leaves_.begin(n_, leaves_.first + next_); }  ///< of the batch
  std::int64_t batch() const { return n_; }                                               ///< its samples
  double share() const { return static_cast<double>(size()) / static_cast<double>(n_); }  ///< of the batch

 private:
  Leaves leaves_;
  std::int64_t n_ = 0, next_ = 0;
};

/// Throws ValueError, beginning with `who`, unless `count` is a power of two and there are as many processes or fewer.
Leaves leaves_of(const char* who, std::int64_t count, const Team& team);

/// Throws ValueError for batches of fewer samples than leaves.
void check_leaves(const char* who, std::int64_t count, std::int64_t batch);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/leaves_inl.hpp"
#endif
