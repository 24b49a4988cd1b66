// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what mixed.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/mixed.hpp"
#include "brindle/data/one_hot.hpp"
#include "brindle/data/source.hpp"

namespace brindle::data::internal {

/// The logarithm of a number of the gamma distribution of some shape, scale 1, by rejection. G. Marsaglia, W. W. Tsang,
/// "A simple method for generating gamma variables", 2000. Takes random numbers from `at` on, at most 97.
inline double log_gamma_number(double shape, const Random& random, std::uint64_t at) {
  const double boosted = shape < 1 ? shape + 1 : shape, d = boosted - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  double log_value = std::log(d);
  for (std::uint64_t attempt = at; attempt < at + 96; attempt += 3) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform(attempt)));
    const double x = radius * std::cos(2 * std::numbers::pi * random.uniform(attempt + 1));
    const double v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v > 0 && std::log(1 - random.uniform(attempt + 2)) < x * x / 2 + d - d * v + d * std::log(v)) {
      log_value += std::log(v);
      break;
    }
  }
  return shape < 1 ? log_value + std::log(1 - random.uniform(at + 96)) / shape : log_value;
}

/// A number of Beta(alpha, alpha), with random numbers from `at` on, at most 194.
inline double beta_number(double alpha, const Random& random, std::uint64_t at) {
  const double a = log_gamma_number(alpha, random, at), b = log_gamma_number(alpha, random, at + 97);
  return 1 / (1 + std::exp(b - a));
}

}  // namespace brindle::data::internal

namespace brindle::data {

BRINDLE_INLINE Mixed::Mixed(const Source& source, const MixedOptions& options)
    : SourceView(source),
      rows_(source, options.classes),
      options_(options),
      random_{options.seed, stream_id("mix"), 0} {
  const auto between = [](const char* name, double value, double most) {
    if (!(value >= 0 && value <= most))
      detail::raise<ValueError>(std::string("data::Mixed: ") + name + " must be 0 to " + detail::number_text(most) +
                                ", got " + detail::number_text(value));
  };
  between("mixup", options.mixup, 100);
  between("cutmix", options.cutmix, 100);
  between("probability", options.probability, 1);
  if (options.cutmix > 0 && source.sample_shape().rank() != 3)
    detail::raise<ValueError>("data::Mixed: cutmix is of pictures, the samples are " +
                              to_string_batch(source.sample_shape()) + "; use mixup");
}

BRINDLE_INLINE std::string Mixed::augmentation() const {
  const std::string before = SourceView::augmentation();
  return (before.empty() ? "" : before + "; ") + "mixup " + detail::number_text(options_.mixup) + ", cutmix " +
         detail::number_text(options_.cutmix) + ", probability " + detail::number_text(options_.probability) +
         ", seed " + std::to_string(options_.seed);
}

BRINDLE_INLINE MixDraw Mixed::drawn(std::uint64_t use) const {
  const std::uint64_t first = use * 256;
  MixDraw d;
  if (options_.mixup == 0 && options_.cutmix == 0) return d;
  if (random_.uniform(first) >= options_.probability) return d;
  const bool cut = options_.cutmix > 0 && (options_.mixup == 0 || random_.uniform(first + 1) < 0.5);
  d.share = internal::beta_number(cut ? options_.cutmix : options_.mixup, random_, first + 4);
  if (!cut) return d;
  const Shape shape = sample_shape();
  const double side = 0.5 * std::sqrt(1 - d.share);
  const auto span = [&](std::uint64_t which, std::int64_t length) {
    const auto half = static_cast<std::int64_t>(side * static_cast<double>(length));
    const auto middle = static_cast<std::int64_t>(random_.uniform(which) * static_cast<double>(length));
    const std::int64_t begin = std::max<std::int64_t>(0, middle - half), end = std::min(length, middle + half);
    return std::pair(begin, end - begin);
  };
  const auto [top, height] = span(first + 2, shape[0]);
  const auto [left, width] = span(first + 3, shape[1]);
  if (height < 1 || width < 1) return {};
  d.box = {top, left, height, width};
  d.share = 1 - static_cast<double>(height * width) / static_cast<double>(shape[0] * shape[1]);
  return d;
}

BRINDLE_INLINE void Mixed::read_labels(std::span<const Draw> draws, TensorView<float> t) const {
  const TensorView<const float> rows = rows_.labels();
  const std::int64_t classes = rows.shape[1];
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const float share = static_cast<float>(drawn(draws[i].use).share);
    const float* own = rows.data + draws[i].row * classes;
    const float* next = rows.data + draws[(i + 1) % draws.size()].row * classes;
    float* to = t.data + static_cast<std::int64_t>(i) * classes;
    for (std::int64_t k = 0; k < classes; ++k) to[k] = share * own[k] + (1 - share) * next[k];
  }
}

BRINDLE_INLINE void Mixed::read(const Cpu& on, std::span<const Draw> draws, TensorView<float> x) const {
  read_as<float>(on, draws, x);
}

BRINDLE_INLINE void Mixed::read(const Cpu& on, std::span<const Draw> draws, TensorView<double> x) const {
  read_as<double>(on, draws, x);
}

template <class T>
void Mixed::read_as(const Cpu& on, std::span<const Draw> draws, TensorView<T> x) const {
  SourceView::read(on, draws, x);
  const Shape shape = sample_shape();
  const bool picture = shape.rank() == 3;
  const std::int64_t rows = picture ? shape[0] : 1, length = shape.size() / rows, channels = picture ? shape[2] : 1;
  std::vector<MixDraw> mixtures;
  for (const Draw& d : draws) mixtures.push_back(drawn(d.use));
  on.parallel_ranges(rows, std::max<std::int64_t>(1, 4096 / length), [&](std::int64_t begin, std::int64_t end) {
    std::vector<T> first(static_cast<std::size_t>(length));
    for (std::int64_t y = begin; y < end; ++y) {
      const T* at = x.data + y * length;
      std::copy(at, at + length, first.begin());  // the last sample is mixed with it as it was
      for (std::size_t i = 0; i < mixtures.size(); ++i) {
        const MixDraw& m = mixtures[i];
        if (m.share == 1) continue;
        T* own = x.data + static_cast<std::int64_t>(i) * shape.size() + y * length;
        const T* next = i + 1 < mixtures.size() ? own + shape.size() : first.data();
        if (m.box.height > 0) {
          if (y < m.box.top || y >= m.box.top + m.box.height) continue;
          const std::int64_t from = m.box.left * channels;
          std::copy(next + from, next + from + m.box.width * channels, own + from);
          continue;
        }
        const T share = static_cast<T>(m.share), rest = static_cast<T>(1 - m.share);
        for (std::int64_t k = 0; k < length; ++k) own[k] = share * own[k] + rest * next[k];
      }
    }
  });
}

}  // namespace brindle::data
