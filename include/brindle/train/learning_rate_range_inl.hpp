// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what learning_rate_range.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/learning_rate_range.hpp"
#include "brindle/train/trainer.hpp"

namespace brindle::detail {

BRINDLE_INLINE void check_range_options(const LearningRateRangeOptions& o) {
  const std::string who = "learning_rate_range: ";
  if (!(o.lowest > 0 && o.highest > o.lowest && o.highest <= 1e30))
    raise<ValueError>(who + "expected 0 < lowest < highest <= 1e30, got " + std::to_string(o.lowest) + " and " +
                      std::to_string(o.highest));
  if (o.steps < 10 || o.steps > 1000000)
    raise<ValueError>(who + "expected 10 to 1000000 steps, got " + std::to_string(o.steps));
  if (!(o.smoothing >= 0 && o.smoothing < 1))
    raise<ValueError>(who + "expected a smoothing of at least 0 and below 1, got " + std::to_string(o.smoothing));
  if (!(o.diverged > 1)) raise<ValueError>(who + "expected diverged above 1, got " + std::to_string(o.diverged));
}

BRINDLE_INLINE std::vector<double> range_rates(const LearningRateRangeOptions& o) {
  std::vector<double> rates(static_cast<std::size_t>(o.steps));
  for (std::size_t i = 0; i < rates.size(); ++i)
    rates[i] =
        o.lowest * std::pow(o.highest / o.lowest, static_cast<double>(i) / static_cast<double>(rates.size() - 1));
  return rates;
}

BRINDLE_INLINE bool add_smoothed(LearningRateRange& range, const LearningRateRangeOptions& o) {
  const std::size_t i = range.smoothed.size();
  const double before = i == 0 ? 0 : range.smoothed.back() * (1 - std::pow(o.smoothing, static_cast<double>(i)));
  range.smoothed.push_back((o.smoothing * before + (1 - o.smoothing) * range.losses[i]) /
                           (1 - std::pow(o.smoothing, static_cast<double>(i + 1))));
  const double least = *std::min_element(range.smoothed.begin(), range.smoothed.end());
  return i * 10 >= static_cast<std::size_t>(o.steps) && range.smoothed.back() > o.diverged * least;
}

BRINDLE_INLINE void choose_rate(LearningRateRange& range) {
  const auto number = [](double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.3g", value);
    return std::string(text);
  };
  const auto begin = range.smoothed.begin();
  const auto first = begin + static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, range.smoothed.size() / 10));
  const auto least = std::min_element(begin, range.smoothed.end());
  const double before = *std::min_element(begin, first);
  if (least < first || !(*least < 0.99 * before)) {
    range.rate = 0;
    range.reason = "the loss did not fall at any rate from " + number(range.rates.front()) + " to " +
                   number(range.rates[range.smoothed.size() - 1]);
    return;
  }
  const double half = (before + *least) / 2;
  const auto falls = std::find_if(first, range.smoothed.end(), [&](double loss) { return loss <= half; });
  range.rate = range.rates[static_cast<std::size_t>(falls - begin)];
  range.reason = "at this rate the smoothed loss had fallen half the way from " + number(before) + " to " +
                 number(*least) + ", its smallest, at " + number(range.rates[static_cast<std::size_t>(least - begin)]);
}

template <class T, class Device>
LearningRateRange try_rates(Trainer<T, Device>& trainer, const data::Source& source,
                            const LearningRateRangeOptions& o) {
  LearningRateRange range;
  range.rates = range_rates(o);
  Callback growing;
  growing.begin = [&](FitState& s) { s.learning_rate = range.rates[0]; };
  growing.epoch = [&](FitState& s) {  // an epoch is one step here, so that each loss is that of a batch
    range.losses.push_back(s.loss);
    if (add_smoothed(range, o))
      s.stop = true;
    else if (range.losses.size() < range.rates.size())
      s.learning_rate = range.rates[range.losses.size()];
  };
  try {
    trainer.fit(source, {.batch = o.batch,
                         .epochs = o.steps,
                         .steps_per_epoch = 1,
                         .class_weight = o.class_weight,
                         .callbacks = {growing}});
  } catch (const NumericsError&) {
    if (range.losses.empty()) throw;  // not for the rates: it was so to begin with
  }
  range.rates.resize(range.losses.size());
  choose_rate(range);
  return range;
}

template <class T, class Device>
KeptWeights<T, Device>::KeptWeights(Model<T, Device>& model) : model_(&model) {
  for (const auto& layer : model.layers()) {
    if (!layer->trainable) continue;
    for (const auto& p : std::as_const(*layer).parameters()) {
      weights_.push_back(Tensor<T, Device>::uninitialized(p.value.shape()));
      Memory<Device>::copy(weights_.back().data(), p.value.data(), p.value.bytes());
    }
  }
}

template <class T, class Device>
KeptWeights<T, Device>::~KeptWeights() {
  std::size_t i = 0;
  for (const auto& layer : model_->layers()) {
    if (!layer->trainable) continue;
    for (auto& p : layer->parameters()) {
      Memory<Device>::copy(p.value.data(), weights_[i].data(), p.value.bytes());
      ++i;
    }
  }
}

}  // namespace brindle::detail
