// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "brindle/core/cuda_vector.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/parameter_update.hpp"

namespace brindle::ops::kernel {

/// Several parameters as one row of elements, so that one launch steps them all. Small enough to go along with the
/// launch.
template <class T>
struct ParameterTable {
  static constexpr int most = 64;
  static constexpr int width = 4;  ///< elements that a thread steps
  using Vector = detail::CudaVector<T, width>;

  struct Entry {
    T* w;
    const T* g;
    T* slot[3];
    std::int64_t first;  ///< number of its first group of elements
    std::int64_t size;   ///< elements

    BRINDLE_HOST_DEVICE bool aligned() const {
      return Vector::is_aligned(w) && Vector::is_aligned(g) && Vector::is_aligned(slot[0]) &&
             Vector::is_aligned(slot[1]) && Vector::is_aligned(slot[2]);
    }
  };
  Entry entry[most];
  int count = 0;
  std::int64_t groups = 0;   ///< of `width` elements; a parameter's last one may have fewer
  std::uint64_t decays = 0;  ///< ParameterUpdate::decays, a bit each
  T rate[most] = {};         ///< ParameterUpdate::rate

  /// The parameters from `begin` on, as many as fit; begin is moved behind them.
  template <class Device>
  static ParameterTable take(std::span<const ParameterUpdate<T, Device>> all, std::size_t& begin) {
    ParameterTable table{};
    for (; begin < all.size() && table.count < most; ++begin) {
      const auto& p = all[begin];
      if (p.w.size() == 0) continue;
      table.decays |= std::uint64_t{p.decays} << table.count;
      table.rate[table.count] = static_cast<T>(p.rate);
      table.entry[table.count++] = {
          p.w.data, p.g.data, {p.slot[0].data, p.slot[1].data, p.slot[2].data}, table.groups, p.w.size()};
      table.groups += (p.w.size() + width - 1) / width;
    }
    return table;
  }

  /// step(factor, decays, w, g, a, b, c) for each element of group i: the factor of its parameter's learning rate and
  /// whether it decays, its weight, its gradient, and what its slots keep (a slot that there is not, is 0).
  template <class Step>
  BRINDLE_HOST_DEVICE void each(std::int64_t i, const Step& step) const {
    const Entry& p = find(i);
    const std::int64_t at = (i - p.first) * width;
    const bool decay = (decays >> (&p - entry)) & 1;
    const T factor = rate[&p - entry];
    if (!p.aligned() || at + width > p.size) {
      for (std::int64_t k = at; k < at + width && k < p.size; ++k) {
        T kept[3] = {p.slot[0] ? p.slot[0][k] : T(0), p.slot[1] ? p.slot[1][k] : T(0), p.slot[2] ? p.slot[2][k] : T(0)};
        step(factor, decay, p.w[k], p.g[k], kept[0], kept[1], kept[2]);
        for (int s = 0; s < 3; ++s)
          if (p.slot[s]) p.slot[s][k] = kept[s];
      }
      return;
    }
    Vector w = Vector::load(p.w + at), kept[3] = {};
    const Vector g = Vector::load(p.g + at);
    for (int s = 0; s < 3; ++s)
      if (p.slot[s]) kept[s] = Vector::load(p.slot[s] + at);
    for (int k = 0; k < width; ++k) step(factor, decay, w.of[k], g.of[k], kept[0].of[k], kept[1].of[k], kept[2].of[k]);
    w.store(p.w + at);
    for (int s = 0; s < 3; ++s)
      if (p.slot[s]) kept[s].store(p.slot[s] + at);
  }

 private:
  // The parameter that group i belongs to.
  BRINDLE_HOST_DEVICE const Entry& find(std::int64_t i) const {
    int low = 0, high = count;
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (entry[middle].first <= i ? low : high) = middle;
    }
    return entry[low];
  }
};

}  // namespace brindle::ops::kernel
