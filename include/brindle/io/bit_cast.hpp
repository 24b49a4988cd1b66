// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <type_traits>

namespace brindle::io::detail {

/// std::bit_cast, also where the compiler has it and the standard library does not yet (libc++ before 14).
template <class To, class From>
constexpr To bit_cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From) && std::is_trivially_copyable_v<To> && std::is_trivially_copyable_v<From>);
#if defined(__cpp_lib_bit_cast)
  return std::bit_cast<To>(from);
#else
  return __builtin_bit_cast(To, from);
#endif
}

}  // namespace brindle::io::detail
