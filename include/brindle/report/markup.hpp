// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace brindle::report {

namespace internal {

/// Text for HTML, SVG and their attributes. Control characters, which neither may contain, become spaces; bytes that
/// are no UTF-8 become question marks.
inline std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else if (c < 0x20 && c != '\n' && c != '\t')
      out += ' ';
    else if (c < 0x80)
      out += text[i] == 0x7f ? ' ' : text[i];
    else {
      // Shortest forms only, no surrogates, nothing above U+10FFFF: the Unicode standard, table 3-7.
      const std::size_t more = c >= 0xf0 && c <= 0xf4 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 && c < 0xe0 ? 1 : 0;
      bool valid = more > 0 && c <= 0xf4 && i + more < text.size();
      for (std::size_t k = 1; valid && k <= more; ++k) {
        const auto next = static_cast<unsigned char>(text[i + k]);
        const unsigned low = k > 1 ? 0x80 : c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
        const unsigned high = k > 1 ? 0xbf : c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        valid = next >= low && next <= high;
      }
      out += valid ? std::string(text.substr(i, more + 1)) : "?";
      if (valid) i += more;
    }
  }
  return out;
}

/// Bytes as base64 (RFC 4648), for data: addresses.
inline std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : digits[three >> (18 - 6 * k) & 63];
  }
  return out;
}

}  // namespace internal

}  // namespace brindle::report
