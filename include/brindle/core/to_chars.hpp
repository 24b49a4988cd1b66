// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

namespace brindle::detail {

/// std::to_chars of floating numbers, by way of printf. A comma of the locale becomes a point.
struct PrintedNumber {
  static std::to_chars_result print(char* first, char* last, double value, char format, int precision) {
    const char pattern[] = {'%', '.', '*', format, '\0'};
    const int length = std::snprintf(first, static_cast<std::size_t>(last - first), pattern, precision, value);
    if (length < 0 || length >= last - first) return {last, std::errc::value_too_large};
    for (char* c = first; c != first + length; ++c)
      if (*c == ',') *c = '.';
    return {first + length, std::errc()};
  }
  static std::to_chars_result to_chars(char* first, char* last, double value, std::chars_format format, int precision) {
    return print(first, last, value, format == std::chars_format::fixed ? 'f' : 'g', precision);
  }
  /// The fewest digits that read back as the same; their form may be another than that of std::to_chars.
  static std::to_chars_result to_chars(char* first, char* last, double value) {
    std::to_chars_result end{};
    for (int digits = 1; digits <= 17; ++digits) {
      char plain[64];  // as the locale has it, for the way back
      std::snprintf(plain, sizeof plain, "%.*g", digits, value);
      end = print(first, last, value, 'g', digits);
      if (end.ec != std::errc() || std::strtod(plain, nullptr) == value) break;
    }
    return end;
  }
};

// libc++ before 14 has std::to_chars for whole numbers alone.
template <class... Arguments>
std::to_chars_result to_chars(char* first, char* last, double value, Arguments... arguments) {
#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 14000
  return PrintedNumber::to_chars(first, last, value, arguments...);
#else
  return std::to_chars(first, last, value, arguments...);
#endif
}

}  // namespace brindle::detail
