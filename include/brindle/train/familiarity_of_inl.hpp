// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what familiarity_of.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/familiarity.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/class_weights.hpp"
#include "brindle/train/familiarity_of.hpp"
#include "brindle/train/fit_checks.hpp"

namespace brindle::detail {

BRINDLE_INLINE std::vector<std::int64_t> rows_of_all_classes(const data::Source& source, std::int64_t most,
                                                             std::uint64_t seed) {
  const std::int64_t n = source.size();
  const TensorView<const float> labels = source.labels();
  const std::int64_t size = n > 0 ? labels.size() / n : 0;
  std::map<std::int64_t, std::vector<std::int64_t>> classes;  // what is of no class alone: one of its own
  for (const std::int64_t row : permutation(n, Random{.seed = seed, .what = stream_id("familiarity")})) {
    const float* label = labels.data + row * size;
    classes[size > 0 && is_class(label, size) ? class_of(label, size) : -1].push_back(row);
  }
  std::vector<std::int64_t> rows;
  for (std::size_t round = 0; static_cast<std::int64_t>(rows.size()) < std::min(most, n); ++round)
    for (const auto& one : classes)
      if (round < one.second.size() && static_cast<std::int64_t>(rows.size()) < most) rows.push_back(one.second[round]);
  std::sort(rows.begin(), rows.end());
  return rows;
}

template <class T, class Device>
Tensor<float> features_of(const Model<T, Device>& model, std::size_t value, const data::Source& source,
                          const std::vector<std::int64_t>& rows, std::int64_t batch) {
  Cpu host;  // that reads
  if constexpr (std::is_same_v<Device, Cpu>) host = model.device();
  const auto n = static_cast<std::int64_t>(rows.size());
  Tensor<float> features = Tensor<float>::uninitialized({n, feature_width(model, value)});
  Tensor<T> x = Tensor<T>::uninitialized(model.input_shape().batch(std::min(batch, n)));
  Tensor<float> y = Tensor<float>::uninitialized(model.output_shape().batch(std::min(batch, n)));
  for_each_batch(n, batch, [&](std::int64_t begin, std::int64_t end) {
    std::vector<data::Draw> draws;
    for (std::int64_t i = begin; i < end; ++i)
      draws.push_back(
          {rows[static_cast<std::size_t>(i)], static_cast<std::uint64_t>(rows[static_cast<std::size_t>(i)])});
    const TensorView<T> part = x.view().slice(0, end - begin);
    source.read(host, draws, part);
    predict_with_features<T, Device>(model, value, part, batch, y.view().slice(0, end - begin),
                                     features.view().slice(begin, end));
  });
  return features;
}

}  // namespace brindle::detail

namespace brindle {

template <class T, class Device>
Familiarity familiarity_of(const Model<T, Device>& model, const data::Source& training, const data::Source& validation,
                           const FamiliarityOptions& o) {
  const std::string who = "familiarity_of";
  if (o.most < 1 || !(o.refused >= 0 && o.refused < 1))
    detail::raise<ValueError>(who + ": keeps " + std::to_string(o.most) + " samples and refuses a share of " +
                              detail::number_text(o.refused) + ", expected at least 1, and 0 to less than 1");
  detail::check_samples(who, model.input_shape(), training, o.batch);
  detail::check_samples(who, model.input_shape(), validation, o.batch);
  data::internal::expect_unmixed(who, training);
  data::internal::expect_unmixed(who, validation);
  const std::size_t value = detail::feature_value(who, model);
  Familiarity f{.width = detail::feature_width(model, value)};
  if (f.width > Familiarity::most_numbers)
    detail::raise<ValueError>(who + ": features of " + std::to_string(f.width) + " numbers, expected at most " +
                              std::to_string(Familiarity::most_numbers) +
                              "; put a pool or a smaller Dense layer in front of the last one");
  const auto rows =
      detail::rows_of_all_classes(training, std::min(o.most, Familiarity::most_numbers / f.width), o.seed);
  Tensor<float> kept = detail::features_of(model, value, training, rows, o.batch);
  for (std::int64_t i = 0; i < kept.shape()[0]; ++i) detail::to_length_one(kept.view().slice(i, i + 1).span());
  f.features.assign(kept.span().begin(), kept.span().end());

  std::vector<std::int64_t> all(static_cast<std::size_t>(validation.size()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const Tensor<float> seen = detail::features_of(model, value, validation, all, o.batch);
  std::vector<double> distances;
  for (std::int64_t i = 0; i < validation.size(); ++i)
    distances.push_back(f.distance(seen.view().slice(i, i + 1).span()));
  std::sort(distances.begin(), distances.end());
  const auto n = static_cast<double>(distances.size());
  const auto inside =
      static_cast<std::size_t>(std::ceil((1 - o.refused) * n - 1e-9));  // not farther than the threshold
  f.threshold = distances[std::max<std::size_t>(inside, 1) - 1];
  const auto farther = distances.end() - std::upper_bound(distances.begin(), distances.end(), f.threshold);
  f.refused = static_cast<double>(farther) / n;
  detail::check_familiarity(who, f);
  return f;
}

}  // namespace brindle
