// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

namespace brindle::detail {

// A floating number as text, with a point whatever the locale: std::to_chars, and the same by way of printf where a
// standard library has that for whole numbers alone (libc++ before 14).
#if !defined(_LIBCPP_VERSION) || _LIBCPP_VERSION >= 14000

using std::to_chars;

#else

/// format: 'f' with so many digits behind the point, 'g' with so many in all.
inline std::to_chars_result print_number(char* first, char* last, double value, char format, int precision) {
  const char pattern[] = {'%', '.', '*', format, '\0'};
  const int length = std::snprintf(first, static_cast<std::size_t>(last - first), pattern, precision, value);
  if (length < 0 || length >= last - first) return {last, std::errc::value_too_large};
  for (char* c = first; c != first + length; ++c)
    if (*c == ',') *c = '.';
  return {first + length, std::errc()};
}

inline std::to_chars_result to_chars(char* first, char* last, double value, std::chars_format format, int precision) {
  return print_number(first, last, value, format == std::chars_format::fixed ? 'f' : 'g', precision);
}

/// The fewest digits that read back as the same.
inline std::to_chars_result to_chars(char* first, char* last, double value) {
  std::to_chars_result end{};
  for (int digits = 1; digits <= 17; ++digits) {
    end = print_number(first, last, value, 'g', digits);
    if (end.ec != std::errc() || std::strtod(std::string(first, end.ptr).c_str(), nullptr) == value) break;
  }
  return end;
}

inline std::to_chars_result to_chars(char* first, char* last, float value) {
  std::to_chars_result end{};
  for (int digits = 1; digits <= 9; ++digits) {
    end = print_number(first, last, static_cast<double>(value), 'g', digits);
    if (end.ec != std::errc() || std::strtof(std::string(first, end.ptr).c_str(), nullptr) == value) break;
  }
  return end;
}

#endif

}  // namespace brindle::detail
