// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/data/source.hpp"

namespace brindle::detail {

/// Which samples the coming training batches are made of: pass after pass over the data, each in an order of its own,
/// its last batch smaller if it must be. Known ahead, so that they can be read ahead.
class Passes {
 public:
  struct Options {
    std::int64_t samples = 0;     ///< in the data
    std::int64_t batch = 1;       ///< >= 1
    bool shuffle = true;          ///< false: each pass in the order of the data
    std::uint64_t seed = 0;       ///< of the orders
    std::uint32_t pass = 0;       ///< passes before the first one here: names its order
    std::int64_t position = 0;    ///< samples of the first pass that have been used
    std::uint64_t first_use = 0;  ///< uses of samples before
  };

  /// Goes on where the options say.
  explicit Passes(const Options& o) : o_(o), order_(static_cast<std::size_t>(o.samples)), position_(o.samples) {
    draws_.reserve(static_cast<std::size_t>(o.batch));
    if (o.position == 0) return;
    begin_pass();
    position_ = o.position;
  }

  /// The next batch; valid until the next call.
  std::span<const data::Draw> next() {
    if (position_ == o_.samples) begin_pass();
    draws_.clear();
    for (const std::int64_t end = std::min(position_ + o_.batch, o_.samples); position_ < end; ++position_)
      draws_.push_back({order_[static_cast<std::size_t>(position_)], o_.first_use++});
    return draws_;
  }

 private:
  void begin_pass() {
    if (o_.shuffle) {
      permute(order_, {o_.seed, stream_id("shuffle"), o_.pass});
    } else {
      for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<std::int64_t>(i);
    }
    ++o_.pass;
    position_ = 0;
  }

  Options o_;
  std::vector<std::int64_t> order_;
  std::int64_t position_;
  std::vector<data::Draw> draws_;
};

}  // namespace brindle::detail
