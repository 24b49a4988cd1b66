// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what suggest_samples.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/suggest_samples.hpp"

namespace brindle {
namespace detail {

BRINDLE_INLINE std::vector<Suggestion> predictions_with_doubt(TensorView<const float> probabilities, Doubt doubt) {
  const std::int64_t n = probabilities.shape[0], outputs = probabilities.shape[1];
  std::vector<Suggestion> all;
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<double> p(probabilities.data + i * outputs, probabilities.data + (i + 1) * outputs);
    for (const double value : p)
      if (!(value >= 0 && value <= 1.0001))
        raise<DataError>("suggest_samples: sample " + std::to_string(i) + " has the probability " +
                         std::to_string(value) + ", expected 0 to 1");
    if (outputs == 1) p = {1 - p[0], p[0]};
    const auto best = std::max_element(p.begin(), p.end());
    Suggestion s{.row = i, .predicted = best - p.begin(), .probability = *best, .distance = 2};
    if (doubt == Doubt::margin) {
      double second = 0;
      for (auto c = p.begin(); c != p.end(); ++c)
        if (c != best) second = std::max(second, *c);
      s.doubt = 1 - (*best - second);
    } else {
      for (const double value : p)
        if (value > 0) s.doubt -= value * std::log(value) / std::log(static_cast<double>(p.size()));
    }
    all.push_back(s);
  }
  return all;
}

/// Rows of length one.
BRINDLE_INLINE Tensor<float> unit_rows(TensorView<const float> x) {
  check_features("suggest_samples", x);
  Tensor<float> unit({x.shape[0], x.shape.sample().size()});
  std::copy_n(x.data, x.size(), unit.data());
  for (std::int64_t i = 0; i < x.shape[0]; ++i) to_length_one(unit.view().slice(i, i + 1).span());
  return unit;
}

inline double cosine_distance(const float* a, const float* b, std::int64_t width) {
  double product = 0;
  for (std::int64_t f = 0; f < width; ++f) product += static_cast<double>(a[f]) * static_cast<double>(b[f]);
  return std::clamp(1 - product, 0.0, 2.0);
}

/// The first `most` of the ranked samples that are no near copies of labelled ones or of earlier ones, with the
/// distance to the nearest labelled one; x, labelled: rows of length 1.
BRINDLE_INLINE std::vector<Suggestion> without_copies(const Cpu& on, const std::vector<Suggestion>& ranked,
                                                      std::size_t most, const Tensor<float>& x,
                                                      const Tensor<float>& labelled, double near_copy) {
  const std::int64_t width = x.shape()[1], rows = labelled.size() > 0 ? labelled.shape()[0] : 0;
  std::vector<Suggestion> kept;
  for (const Suggestion& s : ranked) {
    if (kept.size() == most) break;
    const auto count = static_cast<std::int64_t>(kept.size());
    std::vector<double> distances(static_cast<std::size_t>(rows + count));
    on.parallel(rows + count, [&](std::int64_t i, int) {
      const float* other =
          i < rows ? labelled.data() + i * width : x.data() + kept[static_cast<std::size_t>(i - rows)].row * width;
      distances[static_cast<std::size_t>(i)] = cosine_distance(x.data() + s.row * width, other, width);
    });
    if (!distances.empty() && *std::min_element(distances.begin(), distances.end()) <= 1 - near_copy) continue;
    kept.push_back(s);
    if (rows > 0) kept.back().distance = *std::min_element(distances.begin(), distances.begin() + rows);
  }
  return kept;
}

/// The numbers of `count` of the samples: of groups by k-means the one nearest to each group's middle.
BRINDLE_INLINE std::vector<std::size_t> middles_of_groups(const Cpu& on, const std::vector<Suggestion>& samples,
                                                          std::size_t count, const Tensor<float>& x) {
  const std::int64_t width = x.shape()[1];
  const auto row = [&](std::size_t i) { return x.data() + samples[i].row * width; };
  const auto features = static_cast<std::size_t>(width);
  std::vector<double> centres(count * features);  // they begin at the most doubtful samples
  for (std::size_t c = 0; c < count; ++c) std::copy_n(row(c), width, centres.data() + c * features);
  std::vector<std::size_t> group(samples.size(), count);
  std::vector<double> away(samples.size());
  constexpr int most_rounds = 30;
  for (int round = 0; round < most_rounds; ++round) {
    std::vector<std::size_t> nearest(samples.size());
    on.parallel(static_cast<std::int64_t>(samples.size()), [&](std::int64_t number, int) {
      const auto i = static_cast<std::size_t>(number);
      away[i] = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < count; ++c) {
        double square = 0;
        for (std::size_t f = 0; f < features; ++f) {
          const double d = static_cast<double>(row(i)[f]) - centres[c * features + f];
          square += d * d;
        }
        if (square < away[i]) away[i] = square, nearest[i] = c;
      }
    });
    if (nearest == group) break;
    group = std::move(nearest);
    std::vector<double> sums(centres.size(), 0.0), weights(count, 0.0);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double weight = samples[i].doubt + 1e-3;  // sure ones, too, when there are no others
      weights[group[i]] += weight;
      for (std::size_t f = 0; f < features; ++f)
        sums[group[i] * features + f] += weight * static_cast<double>(row(i)[f]);
    }
    for (std::size_t c = 0; c < count; ++c)
      for (std::size_t f = 0; weights[c] > 0 && f < features; ++f)
        centres[c * features + f] = sums[c * features + f] / weights[c];
  }
  std::vector<std::size_t> middle(count, samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::size_t& m = middle[group[i]];
    if (m == samples.size() || away[i] < away[m]) m = i;
  }
  std::erase(middle, samples.size());  // of groups that have lost all
  for (std::size_t i = 0; middle.size() < count; ++i)
    if (std::find(middle.begin(), middle.end(), i) == middle.end()) middle.push_back(i);
  std::sort(middle.begin(), middle.end());
  return middle;
}

}  // namespace detail

BRINDLE_INLINE std::vector<Suggestion> suggest_samples(const Cpu& on, TensorView<const float> probabilities,
                                                       TensorView<const float> features,
                                                       TensorView<const float> labelled, const SuggestOptions& o) {
  const std::string who = "suggest_samples";
  if (probabilities.shape.rank() != 2 || probabilities.shape[1] < 1)
    detail::raise<ShapeError>(who + ": expected probabilities (N, K), got " + to_string(probabilities.shape));
  const std::int64_t n = probabilities.shape[0];
  if (features.shape.rank() < 2 || features.shape[0] != n)
    detail::raise<ShapeError>(who + ": expected features (" + std::to_string(n) + ", ...) of the samples with " +
                              "probabilities, got " + to_string(features.shape));
  if (labelled.size() > 0 && labelled.shape.sample().size() != features.shape.sample().size())
    detail::raise<ShapeError>(who + ": the labelled samples have features " + to_string(labelled.shape) +
                              ", the others " + to_string(features.shape) + "; take them from one network");
  if (o.count < 1) detail::raise<ValueError>(who + ": expected a count of at least 1, got " + std::to_string(o.count));
  if (!(o.doubtful >= 1 && o.doubtful <= 1e9))
    detail::raise<ValueError>(who + ": expected doubtful 1 to 1e9, got " + std::to_string(o.doubtful));
  if (!(o.near_copy > 0 && o.near_copy <= 1))
    detail::raise<ValueError>(who + ": expected a cosine of near copies above 0, at most 1, got " +
                              std::to_string(o.near_copy));
  std::vector<Suggestion> ranked = detail::predictions_with_doubt(probabilities, o.doubt);
  detail::stable_sort(ranked, [](const auto& a, const auto& b) { return a.doubt > b.doubt; });
  const Tensor<float> x = detail::unit_rows(features);
  const Tensor<float> known = labelled.size() > 0 ? detail::unit_rows(labelled) : Tensor<float>();
  const auto most =
      static_cast<std::size_t>(std::min(static_cast<double>(n), std::ceil(static_cast<double>(o.count) * o.doubtful)));
  const std::vector<Suggestion> doubtful = detail::without_copies(on, ranked, most, x, known, o.near_copy);
  const std::size_t count = std::min(doubtful.size(), static_cast<std::size_t>(o.count));
  std::vector<Suggestion> suggested;
  if (count == 0) return suggested;
  for (const std::size_t i : detail::middles_of_groups(on, doubtful, count, x)) suggested.push_back(doubtful[i]);
  const std::int64_t width = x.shape()[1];
  for (Suggestion& s : suggested)
    for (const Suggestion& other : suggested)
      if (other.row != s.row)
        s.distance = std::min(s.distance,
                              detail::cosine_distance(x.data() + s.row * width, x.data() + other.row * width, width));
  return suggested;
}

}  // namespace brindle
