// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <system_error>

#include "brindle/core/to_chars.hpp"

namespace brindle::report {

/// The shortest digits that read back as the same number, with a point whatever the locale; "nan" and "inf" in words.
inline std::string shortest(double value) {
  char text[64];
  const std::to_chars_result end = brindle::detail::to_chars(text, text + sizeof text, value);
  return end.ec == std::errc() ? std::string(text, end.ptr) : "?";
}

/// So many digits after the point, whatever the locale. Values beyond 1e15 are written as shortest() does.
inline std::string fixed(double value, int digits) {
  char text[64];
  if (!std::isfinite(value) || std::abs(value) > 1e15) return shortest(value);
  const std::to_chars_result end =
      brindle::detail::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
  if (end.ec != std::errc()) return shortest(value);
  const std::string number(text, end.ptr);
  // A small negative number that rounds to zero is zero.
  return number[0] == '-' && number.find_first_not_of("-0.") == std::string::npos ? number.substr(1) : number;
}

namespace internal {

/// Digits after the point that a share of so many cases tells of.
inline int share_digits(std::int64_t of) { return of < 1000 ? 2 : of < 100000 ? 3 : 4; }

/// Where something lies.
struct Interval {
  double low, high;
};

/// Where the true share lies, at 95 %, after one was counted in `of` cases, of which there is at least one.
/// E. B. Wilson, "Probable inference", Journal of the American Statistical Association 22, 1927.
inline Interval wilson_interval(double share, std::int64_t of) {
  constexpr double z = 1.959963984540054;
  const double n = static_cast<double>(of), middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {std::max(middle - half, 0.0), std::min(middle + half, 1.0)};
}

/// The same as text: "0.54 to 0.77"; empty without cases.
inline std::string interval_text(double share, std::int64_t of) {
  const int digits = share_digits(of);
  if (of < 1 || !(share >= 0 && share <= 1)) return {};
  const Interval at = wilson_interval(share, of);
  return fixed(at.low, digits) + " to " + fixed(at.high, digits);
}

}  // namespace internal

/// A share that was counted in `of` cases with its interval: "0.66 (0.54 to 0.77)".
inline std::string share_text(double share, std::int64_t of) {
  const std::string interval = internal::interval_text(share, of);
  return fixed(share, internal::share_digits(of)) + (interval.empty() ? "" : " (" + interval + ")");
}

/// "19,024,513".
inline std::string thousands(std::int64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && digits[i - 1] != '-' && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace brindle::report
