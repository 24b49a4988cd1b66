// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace brindle::test {

inline int count(const std::string& text, const std::string& piece) {
  int n = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

/// Fails unless every element is closed in order, attributes are quoted and single, no '<' or '&' stands bare in text,
/// and nothing is loaded from elsewhere. A small reading of HTML and SVG: what it accepts is well-formed, not all that
/// is well-formed is accepted.
inline void check_markup(const std::string& text) {
  const std::set<std::string> empty{"meta", "img", "br", "hr", "link", "input"};
  std::vector<std::string> open;
  std::size_t i = 0;
  const auto where = [&](std::size_t at) { return text.substr(at, 80); };
  const auto check_references = [&](const std::string& part) {
    for (std::size_t at = part.find('&'); at != std::string::npos; at = part.find('&', at + 1)) {
      const std::size_t end = part.find(';', at);
      INFO(part.substr(at, 40));
      REQUIRE(end != std::string::npos);
      REQUIRE(std::set<std::string>{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}.count(part.substr(at, end + 1 - at)) ==
              1);
    }
  };
  while (i < text.size()) {
    const std::size_t tag = std::min(text.find('<', i), text.size());
    check_references(text.substr(i, tag - i));
    REQUIRE(text.substr(i, tag - i).find('\0') == std::string::npos);
    if (tag == text.size()) break;
    i = tag + 1;
    INFO(where(tag));
    if (text.compare(i, 8, "!DOCTYPE") == 0) {
      i = text.find('>', i) + 1;
      continue;
    }
    const bool closing = text[i] == '/';
    if (closing) ++i;
    std::string name;
    while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '-')) name += text[i++];
    REQUIRE(!name.empty());
    std::set<std::string> attributes;
    bool self_closed = false;
    for (;;) {
      while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i]))) ++i;
      REQUIRE(i < text.size());
      if (text[i] == '>') break;
      if (text[i] == '/' && text[i + 1] == '>') {
        self_closed = true;
        ++i;
        break;
      }
      std::string attribute;
      while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '-' || text[i] == ':'))
        attribute += text[i++];
      REQUIRE(!attribute.empty());
      REQUIRE(attributes.insert(attribute).second);
      if (text[i] != '=') {
        REQUIRE((attribute == "open"));
        continue;
      }
      REQUIRE(text[i + 1] == '"');
      const std::size_t end = text.find('"', i + 2);
      REQUIRE(end != std::string::npos);
      const std::string value = text.substr(i + 2, end - i - 2);
      REQUIRE(value.find('<') == std::string::npos);
      check_references(value);
      if (attribute == "src" || attribute == "href")
        REQUIRE((value.rfind("#", 0) == 0 || value.rfind("data:image/png;base64,", 0) == 0 ||
                 value.rfind("data:image/jpeg;base64,", 0) == 0));
      i = end + 1;
    }
    ++i;
    REQUIRE(name != "script");
    REQUIRE(name != "link");
    if (closing) {
      REQUIRE(!open.empty());
      REQUIRE(open.back() == name);
      open.pop_back();
    } else if (!self_closed && !empty.count(name)) {
      open.push_back(name);
      if (name == "style") {  // its text is no markup
        const std::size_t end = text.find("</style>", i);
        REQUIRE(end != std::string::npos);
        const std::string css = text.substr(i, end - i);
        REQUIRE(count(css, "{") == count(css, "}"));
        REQUIRE(css.find("url(") == std::string::npos);
        REQUIRE(css.find("@import") == std::string::npos);
        i = end;
      }
    }
  }
  REQUIRE(open.empty());
  // The name of SVG's namespace is no address that anything is fetched from.
  REQUIRE(count(text, "http:") + count(text, "https:") == count(text, "xmlns=\"http://www.w3.org/2000/svg\""));
}

}  // namespace brindle::test
