// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <brindle/core/file.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"

// What the chapters of docs/errors.md are made of: a mistake in words and in code, and the files, data and models that
// mistakes are made with.
namespace brindle::test {

inline const std::filesystem::path goldens = BRINDLE_GOLDENS;

struct WrongUse {
  std::string what;
  std::function<void()> make;
};

struct Chapter {
  std::string title;
  std::vector<WrongUse> mistakes;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

inline void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A picture that can be read.
inline void write_picture(const std::filesystem::path& path) {
  write(path, bytes_of(goldens.parent_path() / "image" / "pictures" / "rgb.png"));
}

/// n samples (4, 4, 1) with these labels, over and over.
inline data::InMemory samples(std::int64_t n, const std::vector<float>& labels, const Shape& shape = {4, 4, 1}) {
  Tensor<float> x(shape.batch(n));
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) / 7.0f;
  std::vector<float> all;
  for (std::int64_t i = 0; i < n; ++i) all.push_back(labels[static_cast<std::size_t>(i) % labels.size()]);
  const bool named = std::all_of(labels.begin(), labels.end(), [](float l) { return l == 0 || l == 1; });
  return data::InMemory(std::move(x), std::span<const float>(all),
                        named ? std::vector<std::string>{"cat", "dog"} : std::vector<std::string>{});
}

inline Sequential<float> classifier(std::int64_t outputs = 1, ActivationFunction last = sigmoid) {
  Sequential<float> model{Cpu{1},
                          {4, 4, 1},
                          Conv2D{.filters = 2, .kernel = 3, .activation = relu},
                          Flatten{},
                          Dense{.units = outputs, .activation = last}};
  model.initialize(1);
  return model;
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace brindle::test
