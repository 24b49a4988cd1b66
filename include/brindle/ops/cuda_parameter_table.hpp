#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/parameter_update.hpp"

namespace brindle::ops::kernel {

/// Several parameters as one row of elements, so that one launch steps them all. Small enough to go along with the
/// launch.
template <class T>
struct ParameterTable {
  static constexpr int most = 64;

  struct Entry {
    T* w;
    const T* g;
    T* slot[3];
    std::int64_t first;  ///< number of its first element
  };
  Entry entry[most];
  int count = 0;
  std::int64_t size = 0;

  /// The parameters from `begin` on, as many as fit; begin is moved behind them.
  template <class Device>
  static ParameterTable take(std::span<const ParameterUpdate<T, Device>> all, std::size_t& begin) {
    ParameterTable table{};
    for (; begin < all.size() && table.count < most; ++begin) {
      const auto& p = all[begin];
      if (p.w.size() == 0) continue;
      table.entry[table.count++] = {p.w.data, p.g.data, {p.slot[0].data, p.slot[1].data, p.slot[2].data}, table.size};
      table.size += p.w.size();
    }
    return table;
  }

  /// The parameter that element i belongs to.
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
