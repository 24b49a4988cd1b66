// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/host_device.hpp"

namespace brindle {

/// Ten rounds of Philox 4x32: four random words from a counter and a key, without any state.
/// J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
struct Philox {
  std::uint32_t word[4];  ///< each uniform in [0, 2^32)

  /// Counter (c0, c1, c2, c3), key (k0, k1).
  BRINDLE_HOST_DEVICE static constexpr Philox draw(std::uint32_t c0, std::uint32_t c1, std::uint32_t c2,
                                                   std::uint32_t c3, std::uint32_t k0, std::uint32_t k1) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c0;
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * c2;
      const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
      const std::uint32_t n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<std::uint32_t>(p1);
      c3 = static_cast<std::uint32_t>(p0);
      c0 = n0;
      c2 = n2;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
  }
};

/// Random numbers that are looked up, not drawn in turn: a number is named by (seed, what, step, index), so that any
/// thread, device or resumed run gets the same one. `what` is a stream_id; `step` counts batches or epochs.
struct Random {
  std::uint64_t seed = 0;  ///< of the run
  std::uint32_t what = 0;  ///< what the numbers are for
  std::uint32_t step = 0;  ///< when

  /// Four words for element `index`.
  BRINDLE_HOST_DEVICE constexpr Philox words(std::uint64_t index) const {
    return Philox::draw(static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), step, what,
                        static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  BRINDLE_HOST_DEVICE constexpr double uniform(std::uint64_t index) const {
    const Philox p = words(index);
    return static_cast<double>((std::uint64_t{p.word[0]} << 21) ^ (p.word[1] >> 11)) * 0x1p-53;
  }

  /// In [low, high).
  BRINDLE_HOST_DEVICE constexpr double uniform(std::uint64_t index, double low, double high) const {
    return low + (high - low) * uniform(index);
  }

  /// Uniform in [0, bound), bound >= 1, for bounds below 2^53.
  BRINDLE_HOST_DEVICE constexpr std::int64_t below(std::uint64_t index, std::int64_t bound) const {
    return static_cast<std::int64_t>(uniform(index) * static_cast<double>(bound));
  }
};

/// The stream of a name ("dropout_1", "shuffle"): 32-bit FNV-1a.
constexpr std::uint32_t stream_id(std::string_view kind, std::string_view name = {}) {
  std::uint32_t hash = 2166136261u;
  for (const std::string_view text : {kind, std::string_view("/"), name})
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

namespace detail {

/// Puts 0 .. n-1 in random order into `order`, n its size (Fisher and Yates).
inline void permute(std::span<std::int64_t> order, const Random& random) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  for (std::size_t i = order.size(); i-- > 1;) {
    const std::int64_t j = random.below(i, static_cast<std::int64_t>(i) + 1);
    std::swap(order[i], order[static_cast<std::size_t>(j)]);
  }
}

}  // namespace detail

/// 0 to n - 1 in a random order.
inline std::vector<std::int64_t> permutation(std::int64_t n, const Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  detail::permute(order, random);
  return order;
}

}  // namespace brindle
