// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what pictures.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/data/pictures.hpp"

namespace brindle::data {

BRINDLE_INLINE std::string lost_text(std::span<const SkippedFile> skipped) {
  std::int64_t lost = 0;
  std::string text;
  for (const SkippedFile& file : skipped)
    if (!file.harmless && ++lost <= 3) text += (text.empty() ? "" : "; ") + file.path + ": " + file.reason;
  if (lost == 0) return {};
  if (lost > 3) text += "; and " + std::to_string(lost - 3) + " more";
  return "left out: " + text;
}

BRINDLE_INLINE Pictures::Pictures(Parts parts) : parts_(std::move(parts)) {
  const Shape& shape = parts_.pixels.shape();
  if (parts_.pixels.empty() || shape.rank() != 4 || shape.size() == 0)
    detail::raise<ShapeError>("data::Pictures: expected pixels (N, H, W, C), got " + to_string(shape));
  const std::size_t n = static_cast<std::size_t>(shape[0]);
  if (parts_.classes.size() != n)
    detail::raise<ShapeError>("data::Pictures: expected " + std::to_string(n) + " classes for pixels " +
                              to_string(shape) + ", got " + std::to_string(parts_.classes.size()));
  if (!parts_.files.empty() && parts_.files.size() != n)
    detail::raise<ShapeError>("data::Pictures: expected " + std::to_string(n) + " file names or none for pixels " +
                              to_string(shape) + ", got " + std::to_string(parts_.files.size()));
  image::check_preprocessing("data::Pictures", parts_.preprocessing, shape[3]);
  if (parts_.input &&
      (parts_.input->shape() != shape.sample() || !(parts_.input->preprocessing == parts_.preprocessing)))
    detail::raise<ValueError>("data::Pictures: input says " + to_string(*parts_.input) + ", the pixels are " +
                              to_string(shape) + " with preprocessing " + to_string(parts_.preprocessing));
  labels_ = Tensor<float>(Shape{shape[0], 1});
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t c = parts_.classes[i];
    if (c < 0 || c >= static_cast<std::int64_t>(parts_.class_names.size()))
      detail::raise<DataError>("data::Pictures: " + describe(static_cast<std::int64_t>(i)) + " has class " +
                               std::to_string(c) + ", but there are names for " +
                               std::to_string(parts_.class_names.size()) + " classes");
    labels_[static_cast<std::int64_t>(i)] = static_cast<float>(c);
  }
}

BRINDLE_INLINE std::string Pictures::describe(std::int64_t row) const {
  return parts_.files.empty() ? "picture " + std::to_string(row) : parts_.files[static_cast<std::size_t>(row)];
}

BRINDLE_INLINE void Pictures::with_pixels(std::int64_t row, FunctionRef<void(const std::uint8_t*)> use) const {
  use(parts_.pixels.data() + row * sample_shape().size());
}

BRINDLE_INLINE std::string Pictures::fingerprint(const Cpu&) const {
  Checksum sum = names_checksum();
  sum.add({reinterpret_cast<const char*>(parts_.pixels.data()), parts_.pixels.bytes()});
  return sum.text();
}

BRINDLE_INLINE std::vector<std::int64_t> Pictures::class_counts() const {
  std::vector<std::int64_t> counts(parts_.class_names.size());
  for (const std::int64_t c : parts_.classes) ++counts[static_cast<std::size_t>(c)];
  return counts;
}

BRINDLE_INLINE Pictures Pictures::subset(std::span<const std::int64_t> rows) const {
  if (rows.empty()) detail::raise<ValueError>("data::Pictures: a subset of no pictures");
  Parts to;
  to.pixels = Tensor<std::uint8_t>::uninitialized(sample_shape().batch(static_cast<std::int64_t>(rows.size())));
  to.class_names = parts_.class_names;
  to.preprocessing = parts_.preprocessing;
  to.input = parts_.input;
  const std::int64_t n = sample_shape().size();
  std::uint8_t* out = to.pixels.data();
  for (const std::int64_t row : rows) {
    check_row(who(), row);
    std::memcpy(out, parts_.pixels.data() + row * n, static_cast<std::size_t>(n));
    out += n;
    to.classes.push_back(parts_.classes[static_cast<std::size_t>(row)]);
    if (!parts_.files.empty()) to.files.push_back(parts_.files[static_cast<std::size_t>(row)]);
  }
  return Pictures(std::move(to));
}

BRINDLE_INLINE std::pair<Pictures, Pictures> Pictures::split(double share, std::uint64_t seed) const {
  if (!(share > 0.0 && share < 1.0))
    detail::raise<ValueError>("data::Pictures: split(share): expected a share between 0 and 1, got " +
                              std::to_string(share));
  std::vector<bool> second(static_cast<std::size_t>(size()));
  for (std::size_t c = 0; c < parts_.class_names.size(); ++c) {
    std::vector<std::int64_t> members;
    for (std::int64_t row = 0; row < size(); ++row)
      if (parts_.classes[static_cast<std::size_t>(row)] == static_cast<std::int64_t>(c)) members.push_back(row);
    const auto count = static_cast<std::int64_t>(members.size());
    const auto order =
        permutation(count, Random{.seed = seed, .what = stream_id("split"), .step = static_cast<std::uint32_t>(c)});
    // Never all: what the first part has none of would not be learned.
    const auto picked = static_cast<std::size_t>(std::clamp<std::int64_t>(
        std::llround(share * static_cast<double>(count)), 0, std::max<std::int64_t>(count - 1, 0)));
    for (std::size_t i = 0; i < picked; ++i)
      second[static_cast<std::size_t>(members[static_cast<std::size_t>(order[i])])] = true;
  }
  std::vector<std::int64_t> rows[2];
  for (std::int64_t row = 0; row < size(); ++row) rows[second[static_cast<std::size_t>(row)]].push_back(row);
  if (rows[0].empty() || rows[1].empty())
    detail::raise<ValueError>("data::Pictures: split: " + std::to_string(size()) +
                              " pictures are too few for a share of " + std::to_string(share));
  return {subset(rows[0]), subset(rows[1])};
}

}  // namespace brindle::data
