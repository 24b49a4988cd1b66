// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace brindle::detail {

/// The path that path::string() was asked of. With libstdc++ that gives UTF-8 on Windows, but a path of a text takes it
/// for something else; elsewhere the two are each other's opposites.
inline std::filesystem::path path_of(const std::string& text) {
#if defined(_WIN32) && defined(__GLIBCXX__)
  return std::u8string(text.begin(), text.end());
#else
  return text;
#endif
}

}  // namespace brindle::detail
