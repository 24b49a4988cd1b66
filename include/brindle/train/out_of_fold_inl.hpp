// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what out_of_fold.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/logistic_regression.hpp"
#include "brindle/train/out_of_fold.hpp"

namespace brindle {

BRINDLE_INLINE std::vector<std::int64_t> stratified_folds(TensorView<const float> labels, std::int64_t folds,
                                                          std::uint64_t seed) {
  const std::vector<std::int64_t> classes =
      detail::class_labels("stratified_folds", labels, labels.shape.rank() > 0 ? labels.shape[0] : 0);
  const auto n = static_cast<std::int64_t>(classes.size());
  if (folds < 2 || folds > n)
    detail::raise<ValueError>("stratified_folds: expected 2 folds to the number of samples, " + std::to_string(n) +
                              ", got " + std::to_string(folds));
  const std::int64_t count = *std::max_element(classes.begin(), classes.end()) + 1;
  std::vector<std::int64_t> fold(classes.size());
  std::int64_t next = 0;  // goes on from class to class, so that small classes do not all begin with fold 0
  for (std::int64_t c = 0; c < count; ++c) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < classes.size(); ++i)
      if (classes[i] == c) members.push_back(i);
    const auto order =
        permutation(static_cast<std::int64_t>(members.size()),
                    Random{.seed = seed, .what = stream_id("fold"), .step = static_cast<std::uint32_t>(c)});
    for (const std::int64_t i : order) fold[members[static_cast<std::size_t>(i)]] = next++ % folds;
  }
  return fold;
}

BRINDLE_INLINE Tensor<double> out_of_fold_probabilities(const Cpu& on, TensorView<const float> x,
                                                        TensorView<const float> labels, const OutOfFoldOptions& o) {
  const std::vector<std::int64_t> classes = detail::class_numbers("out_of_fold_probabilities", x, labels);
  if (!(o.penalty > 0 && std::isfinite(o.penalty)))
    detail::raise<ValueError>("out_of_fold_probabilities: expected a penalty above 0, got " +
                              std::to_string(o.penalty));
  const std::vector<std::int64_t> fold = stratified_folds(labels, o.folds, o.seed);
  const std::int64_t n = x.shape[0], features = x.shape.sample().size();
  const std::int64_t count = *std::max_element(classes.begin(), classes.end()) + 1;
  const Tensor<float> all = detail::centred_features(x).rows;
  Tensor<double> probabilities({n, count});

  // One plane for two classes, else one a class; each of each fold is a task.
  const std::int64_t planes = count == 2 ? 1 : count;
  std::vector<LinearClassifier> found(static_cast<std::size_t>(o.folds * planes));
  on.parallel(o.folds * planes, [&](std::int64_t task, int) {
    const std::int64_t k = task / planes, positive = planes == 1 ? 1 : task % planes;
    const auto rows = std::count_if(fold.begin(), fold.end(), [&](std::int64_t f) { return f != k; });
    Tensor<float> seen({rows, features}), targets({rows, 1});
    bool one = false, other = false;
    for (std::int64_t i = 0, to = 0; i < n; ++i) {
      if (fold[static_cast<std::size_t>(i)] == k) continue;
      std::copy_n(all.data() + i * features, features, seen.data() + to * features);
      const bool is = classes[static_cast<std::size_t>(i)] == positive;
      (is ? one : other) = true;
      targets[to++] = is ? 1 : 0;
    }
    LinearClassifier& plane = found[static_cast<std::size_t>(task)];
    if (one && other) {
      plane = logistic_regression(
          seen, targets, {.c = 1 / (o.penalty * static_cast<double>(rows)), .tolerance = 1e-5, .most_steps = 200});
    } else {  // a class of a single sample: nothing of it is left in the others
      plane = {Tensor<double>({1, features}), Tensor<double>({1})};
      plane.bias[0] = one ? 30 : -30;
    }
  });
  for (std::int64_t i = 0; i < n; ++i) {
    const float* sample = all.data() + i * features;
    double sum = 0;
    for (std::int64_t p = 0; p < planes; ++p) {
      const LinearClassifier& plane = found[static_cast<std::size_t>(fold[static_cast<std::size_t>(i)] * planes + p)];
      double score = plane.bias[0];
      for (std::int64_t f = 0; f < features; ++f) score += plane.weights[f] * static_cast<double>(sample[f]);
      const double probability = 1 / (1 + std::exp(-score));
      if (planes == 1) probabilities[2 * i] = 1 - probability;
      probabilities[i * count + (planes == 1 ? 1 : p)] = probability;
      sum += probability;
    }
    if (planes > 1)
      for (std::int64_t c = 0; c < count; ++c) probabilities[i * count + c] /= sum;
  }
  return probabilities;
}

BRINDLE_INLINE std::vector<LabelSuspect> label_suspects(TensorView<const double> probabilities,
                                                        TensorView<const float> labels) {
  if (probabilities.shape.rank() != 2 || probabilities.shape[1] < 2)
    detail::raise<ShapeError>("label_suspects: expected probabilities (N, K), got " + to_string(probabilities.shape));
  const std::vector<std::int64_t> classes = detail::class_labels("label_suspects", labels, probabilities.shape[0]);
  const std::int64_t count = probabilities.shape[1];
  std::vector<LabelSuspect> all;
  for (std::int64_t i = 0; i < labels.shape[0]; ++i) {
    const std::int64_t label = classes[static_cast<std::size_t>(i)];
    if (label >= count)
      detail::raise<DataError>("label_suspects: sample " + std::to_string(i) + " has the label " +
                               std::to_string(label) + ", and there are probabilities of " + std::to_string(count) +
                               " classes");
    const double* row = probabilities.data + i * count;
    std::int64_t other = label == 0 ? 1 : 0;
    for (std::int64_t c = 0; c < count; ++c)
      if (c != label && row[c] > row[other]) other = c;
    all.push_back({i, label, other, row[other] - row[label]});
  }
  detail::stable_sort(all, [](const auto& a, const auto& b) { return a.margin > b.margin; });
  return all;
}

}  // namespace brindle
