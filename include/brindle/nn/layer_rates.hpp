// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"

namespace brindle {

/// What the beginning of a layer's name says of its learning rate: a factor of the optimizer's.
using LayerRate = std::pair<std::string, double>;

namespace detail {

/// One optimizer for each factor, all of one description. Throws ValueError for factors that are no numbers of at least
/// 0, and empty or doubled names.
template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> make_layer_rates(std::vector<std::unique_ptr<Optimizer<T, Device>>> each,
                                                       const std::vector<LayerRate>& rates);

}  // namespace detail

/// An optimizer whose learning rate differs by layer: discriminative fine-tuning (Howard, Ruder, 2018), PyTorch's
/// parameter groups.
///
///     Trainer trainer{model, LayerRates{Adam{.learning_rate = 1e-3}, {{"block5", 0.1}, {"block", 0.01}}}, loss};
///
/// A layer takes the factor of the longest name that its own begins with, and 1 without one. Schedules and weight decay
/// go with the rate. On the Cpu. A name that no layer's begins with is refused when the Trainer is made.
template <class OptimizerValue>
struct LayerRates {
  OptimizerValue optimizer;      ///< Adam{...}, SGD{...}, one of your own
  std::vector<LayerRate> rates;  ///< name and factor, >= 0

  /// For Trainer. Throws ValueError for factors below 0, empty or doubled names.
  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const {
    std::vector<std::unique_ptr<Optimizer<T, Device>>> each;
    for (std::size_t i = 0; i <= rates.size(); ++i) each.push_back(detail::make_optimizer<T, Device>(optimizer));
    return detail::make_layer_rates<T, Device>(std::move(each), rates);
  }
};

/// An aggregate's own deduction guide, for compilers that have none.
template <class OptimizerValue>
LayerRates(OptimizerValue, std::vector<LayerRate>) -> LayerRates<OptimizerValue>;

/// Rates that fall from the end to the beginning: the last layer with parameters that learn has the factor 1, each one
/// before it `decay` times that of the next.
///
///     LayerRates{Adam{}, decayed_rates(model, 0.8)}
///
/// Throws ValueError unless 0 < decay <= 1.
template <class T, class Device>
std::vector<LayerRate> decayed_rates(const Model<T, Device>& model, double decay);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/layer_rates_inl.hpp"
#endif
