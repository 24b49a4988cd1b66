// SPDX-License-Identifier: MIT
#pragma once

// The library's headers as text, for tests of what they include and list.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace brindle::test {

namespace fs = std::filesystem;

inline const fs::path root = fs::path(BRINDLE_INCLUDE) / "brindle";

inline std::string read(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<fs::path> headers() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cuh") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

inline std::vector<std::string> includes(const fs::path& header) {
  std::vector<std::string> found;
  const std::string text = read(header);
  const std::regex line(R"re((?:^|\n)\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  for (std::sregex_iterator i(text.begin(), text.end(), line), end; i != end; ++i) found.push_back((*i)[1]);
  return found;
}

/// "ops" for brindle/ops/conv2d/cpu.hpp, "" for brindle/brindle.hpp.
inline std::string room(const std::string& path) {
  const std::size_t begin = path.find("brindle/") + 8, end = path.find('/', begin);
  return end == std::string::npos ? "" : path.substr(begin, end - begin);
}

/// brindle/nn/dense.hpp for brindle/nn/dense_inl.hpp; brindle/train/trainer.hpp for brindle/train/trainer_fit_inl.hpp
/// too, since a class may have its definitions in several files; any other as it is.
inline std::string declarations_of(const std::string& header) {
  const std::size_t end = header.rfind("_inl.hpp");
  if (end == std::string::npos) return header;
  const auto is_there = [](const std::string& name) { return std::filesystem::exists(root.parent_path() / name); };
  std::string name = header.substr(0, end);
  const std::size_t room = header.rfind('/');
  for (std::size_t at = end; !is_there(name + ".hpp") && (at = name.rfind('_')) != std::string::npos && at > room;)
    name.resize(at);
  return is_there(name + ".hpp") ? name + ".hpp" : header.substr(0, end) + ".hpp";
}

}  // namespace brindle::test
