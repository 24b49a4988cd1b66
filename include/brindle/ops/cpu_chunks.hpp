// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "brindle/ops/eigen.hpp"

namespace brindle::ops::kernel {

/// Elements that a thread takes at a time of an element-wise op: 64 KB of floats, and enough work to be worth a task.
inline constexpr std::int64_t elementwise_piece = 16384;

/// f(a, b, ...) on pieces of 64 bytes of the arrays, as Eigen arrays of fixed size.
///
///     arrays: T* to read and write, const T* to read; n elements each; two may be the same memory
///
/// The last piece is filled up with zeros, so that every element goes through the same SIMD instructions: its bits
/// depend neither on where it stands nor on the alignment of the memory.
template <class T, class F, class... Arrays>
inline void in_chunks(std::int64_t n, F&& f, Arrays*... arrays) {
  constexpr int chunk = 64 / static_cast<int>(sizeof(T));
  using Array = Eigen::Array<T, chunk, 1>;
  std::int64_t i = 0;
  for (; i + chunk <= n; i += chunk)
    f(Eigen::Map<std::conditional_t<std::is_const_v<Arrays>, const Array, Array>>(arrays + i)...);
  if (i == n) return;
  const auto rest = static_cast<std::size_t>(n - i);
  alignas(64) T padded[sizeof...(Arrays)][chunk] = {};
  const auto each = [&](auto&& visit) {
    int k = 0;
    (visit(arrays + i, padded[k++]), ...);
  };
  each([&](auto* from, T* to) { std::copy_n(from, rest, to); });
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    f(Eigen::Map<std::conditional_t<std::is_const_v<Arrays>, const Array, Array>>(padded[K])...);
  }
  (std::index_sequence_for<Arrays...>{});
  each([&](auto* to, const T* from) {
    if constexpr (!std::is_const_v<std::remove_pointer_t<decltype(to)>>) std::copy_n(from, rest, to);
  });
}

}  // namespace brindle::ops::kernel
