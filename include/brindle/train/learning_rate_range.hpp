// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/trainer.hpp"

namespace brindle {

/// How a learning rate is looked for.
struct LearningRateRangeOptions {
  double lowest = 1e-5;                              ///< the first rate that is tried, > 0
  double highest = 1;                                ///< the last one, > lowest, <= 1e30
  std::int64_t steps = 200;                          ///< rates, each of one batch, 10 to 1000000
  std::int64_t batch = 32;                           ///< samples a step, >= 1, as the run will have
  std::uint64_t seed = 0;                            ///< of the order of the samples, and of dropout
  std::map<std::int64_t, double> class_weight = {};  ///< as FitOptions::class_weight
  double smoothing = 0.9;                            ///< how much of the mean loss stays with each step, in [0, 1)
  double diverged = 2;  ///< it ends once the smoothed loss is so many times its smallest, > 1
};

/// What short steps of growing rates did to the loss.
struct LearningRateRange {
  std::vector<double> rates;     ///< tried, growing by the same factor
  std::vector<double> losses;    ///< of each one's batch, before its step
  std::vector<double> smoothed;  ///< their running mean
  double rate = 0;               ///< that the rule chose; 0: the loss did not fall, so that it says nothing
  std::string reason;            ///< in words, with the numbers that it rests on
};

/// Looks for the learning rate of a run: steps with rates that grow from the lowest to the highest, until the loss
/// grows out of bounds. L. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.
///
///     const LearningRateRange range = learning_rate_range(model, Adam{}, SparseCategoricalCrossentropy{}, photos);
///     Trainer trainer{model, Adam{.learning_rate = range.rate > 0 ? range.rate : 1e-3}, ...};
///
/// The rule: the rate at which the smoothed loss has first fallen half the way from its smallest in the first tenth of
/// the steps to its smallest of all. At step i (1 for the first) it is s_i = m_i / (1 - smoothing^i), where
///
///     m_i = smoothing m_(i-1) + (1 - smoothing) loss_i,  m_0 = 0
///
/// Where it is nowhere at least 1 % below the smallest of the first tenth, no rate is chosen. On heads that Adam trains
/// on a base's features the rule finds what the best of many runs have; a tenth of the rate with the smallest loss,
/// which others take, is too large there (docs/results.md).
///
/// A trial: the weights have the same bits afterwards, also when an exception leaves it; its optimizer and its order of
/// the samples are its own, so the run that follows is the one that would have been without it. The same rate for any
/// number of threads. Throws ValueError for options out of range, and what Trainer::fit() throws.
template <class T, class Device, class OptimizerValue, class LossValue>
LearningRateRange learning_rate_range(Model<T, Device>& model, const OptimizerValue& optimizer, const LossValue& loss,
                                      const data::Source& source, const LearningRateRangeOptions& options = {});

namespace detail {

/// Throws ValueError for options that have no meaning.
void check_range_options(const LearningRateRangeOptions& options);

/// The rates that are tried.
std::vector<double> range_rates(const LearningRateRangeOptions& options);

/// Adds the running mean of the losses so far; whether the trial is to end.
bool add_smoothed(LearningRateRange& range, const LearningRateRangeOptions& options);

/// The rule on what was measured.
void choose_rate(LearningRateRange& range);

/// The steps of the trial.
template <class T, class Device>
LearningRateRange try_rates(Trainer<T, Device>& trainer, const data::Source& source,
                            const LearningRateRangeOptions& options);

/// The weights of the layers that learn, which are put back at the end: for trials on a model that stays as it is.
template <class T, class Device>
class KeptWeights {
 public:
  explicit KeptWeights(Model<T, Device>& model);
  ~KeptWeights();
  KeptWeights(const KeptWeights&) = delete;
  KeptWeights& operator=(const KeptWeights&) = delete;

 private:
  Model<T, Device>* model_;
  std::vector<Tensor<T, Device>> weights_;
};

}  // namespace detail

template <class T, class Device, class OptimizerValue, class LossValue>
LearningRateRange learning_rate_range(Model<T, Device>& model, const OptimizerValue& optimizer, const LossValue& loss,
                                      const data::Source& source, const LearningRateRangeOptions& options) {
  detail::check_range_options(options);
  const detail::KeptWeights<T, Device> kept(model);
  Trainer<T, Device> trainer(model, optimizer, loss, {.seed = options.seed});
  return detail::try_rates(trainer, source, options);
}

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/learning_rate_range_inl.hpp"
#endif
