// SPDX-License-Identifier: MIT
#pragma once

namespace brindle::detail {

/// Tells the processor that the cache line of this address will be read soon; any address will do. nearness: 3 the
/// nearest cache, 1 the farthest. A hint: compilers without a way to give it do nothing.
template <int nearness = 3>
inline void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address, 0, nearness);
#endif
}

}  // namespace brindle::detail
