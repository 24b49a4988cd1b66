#pragma once

// Definitions of what suggest_samples.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
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

/// The samples that suggestions are chosen from, and how far each is from what is taken.
class SuggestionPool {
 public:
  SuggestionPool(const Cpu& on, std::vector<Suggestion> ranked, Tensor<float> features, Tensor<float> labelled,
                 double near_copy)
      : on_(&on),
        ranked_(std::move(ranked)),
        features_(std::move(features)),
        labelled_(std::move(labelled)),
        nearest_(1 - near_copy) {}

  /// Takes in the next most doubtful samples until there are `size`, or no more.
  void fill(std::size_t size) {
    while (pool_.size() < size && next_ < ranked_.size()) {
      const std::size_t begin = pool_.size();
      pool_.insert(pool_.end(), ranked_.begin() + static_cast<std::ptrdiff_t>(next_),
                   ranked_.begin() + static_cast<std::ptrdiff_t>(std::min(ranked_.size(), next_ + size - begin)));
      next_ += pool_.size() - begin;
      for (std::int64_t m = 0; labelled_.size() > 0 && m < labelled_.shape()[0]; ++m) bring_near(labelled_, m, begin);
      for (const std::int64_t row : taken_) bring_near(features_, row, begin);
      drop_copies();
    }
  }

  bool empty() const { return pool_.empty(); }

  /// The one that is farthest from all that is taken; the first is the most doubtful where nothing is.
  Suggestion take() {
    const auto farther = [](const Suggestion& a, const Suggestion& b) { return a.distance < b.distance; };
    const auto at = std::max_element(pool_.begin(), pool_.end(), farther);  // of equals the more doubtful
    const Suggestion taken = *at;
    pool_.erase(at);
    taken_.push_back(taken.row);
    bring_near(features_, taken.row, 0);
    drop_copies();
    return taken;
  }

 private:
  // The distances of pool_[begin..] to a row of what is taken.
  void bring_near(const Tensor<float>& of, std::int64_t row, std::size_t begin) {
    const std::int64_t width = features_.shape()[1];
    const float* a = of.data() + row * width;
    on_->parallel(static_cast<std::int64_t>(pool_.size() - begin), [&](std::int64_t i, int) {
      Suggestion& s = pool_[begin + static_cast<std::size_t>(i)];
      const float* b = features_.data() + s.row * width;
      double product = 0;
      for (std::int64_t f = 0; f < width; ++f) product += static_cast<double>(a[f]) * static_cast<double>(b[f]);
      s.distance = std::min(s.distance, std::clamp(1 - product, 0.0, 2.0));
    });
  }

  void drop_copies() {
    std::erase_if(pool_, [&](const Suggestion& s) { return s.distance <= nearest_; });
  }

  const Cpu* on_;
  std::vector<Suggestion> ranked_, pool_;  // the most doubtful first
  std::vector<std::int64_t> taken_;
  Tensor<float> features_, labelled_;
  double nearest_;
  std::size_t next_ = 0;  // of ranked_, not yet in the pool
};

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
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.doubt > b.doubt; });
  detail::SuggestionPool pool(on, std::move(ranked), detail::unit_rows(features),
                              labelled.size() > 0 ? detail::unit_rows(labelled) : Tensor<float>(), o.near_copy);
  const auto most =
      static_cast<std::size_t>(std::min(static_cast<double>(n), std::ceil(static_cast<double>(o.count) * o.doubtful)));
  std::vector<Suggestion> suggested;
  while (static_cast<std::int64_t>(suggested.size()) < o.count) {
    pool.fill(most - std::min(most - 1, suggested.size()));
    if (pool.empty()) break;
    suggested.push_back(pool.take());
  }
  return suggested;
}

}  // namespace brindle
