// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what layer_rates.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/layer_rates.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"

namespace brindle {

template <class T, class Device>
class LayerRatesOptimizer final : public Optimizer<T, Device> {
 public:
  /// each: one for each rate, and the last one for all other layers.
  LayerRatesOptimizer(std::vector<std::unique_ptr<Optimizer<T, Device>>> each, std::vector<LayerRate> rates)
      : each_(std::move(each)), rates_(std::move(rates)) {
    set_learning_rate(others().learning_rate());
  }

  std::string type() const override { return others().type(); }
  Config config() const override {
    Config config = others().config();
    std::string text;
    for (const auto& [name, factor] : rates_)
      text += (text.empty() ? "" : ", ") + name + " " + detail::number_text(factor);
    config.set("layer_rates", text);
    return config;
  }
  int slots() const override { return others().slots(); }
  double learning_rate() const override { return others().learning_rate(); }
  void set_learning_rate(double rate) override {
    for (std::size_t i = 0; i < rates_.size(); ++i) each_[i]->set_learning_rate(rate * rates_[i].second);
    each_.back()->set_learning_rate(rate);
  }

  void update(const Device& on, std::int64_t step, TensorView<T, Device> w, TensorView<const T, Device> g,
              std::span<const TensorView<T, Device>> slots) const override {
    others().update(on, step, w, g, slots);
  }
  void update_named(const Device& on, std::int64_t step, const ParameterName& name, TensorView<T, Device> w,
                    TensorView<const T, Device> g, std::span<const TensorView<T, Device>> slots) const override {
    of(name.layer).update_named(on, step, name, w, g, slots);
  }
  void update_all(const Device& on, std::int64_t step,
                  std::span<const ops::ParameterUpdate<T, Device>> all) const override {
    if constexpr (std::is_same_v<Device, Cpu>)
      Optimizer<T, Device>::update_all(on, step, all);
    else
      others().update_all(on, step, all);  // each with its factor
  }
  double rate_factor(const ParameterName& name) const override { return factor_of(number_of(name.layer)); }
  double step_rate(std::int64_t step) const override { return others().step_rate(step); }
  double step_decay() const override { return others().step_decay(); }
  bool decays(const ParameterName& name) const override { return others().decays(name); }

  void check_parameters(const std::string& who, const std::vector<ParameterName>& all) const override {
    for (const auto& [name, factor] : rates_)
      if (std::none_of(all.begin(), all.end(), [&n = name](const ParameterName& p) { return p.layer.starts_with(n); }))
        detail::raise<ValueError>(who + ": LayerRates has a rate for \"" + name +
                                  "\", and no layer with parameters has a name that begins so; the first one is \"" +
                                  (all.empty() ? "" : std::string(all.front().layer)) + "\"");
  }

 private:
  const Optimizer<T, Device>& others() const { return *each_.back(); }

  const Optimizer<T, Device>& of(std::string_view layer) const { return *each_[number_of(layer)]; }

  double factor_of(std::size_t number) const { return number < rates_.size() ? rates_[number].second : 1; }

  // Of the rate with the longest name that the layer's begins with; behind the last one: none.
  std::size_t number_of(std::string_view layer) const {
    std::size_t best = rates_.size(), length = 0;
    for (std::size_t i = 0; i < rates_.size(); ++i)
      if (layer.starts_with(rates_[i].first) && rates_[i].first.size() > length)
        best = i, length = rates_[i].first.size();
    return best;
  }

  std::vector<std::unique_ptr<Optimizer<T, Device>>> each_;
  std::vector<LayerRate> rates_;
};

namespace detail {

template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> make_layer_rates(std::vector<std::unique_ptr<Optimizer<T, Device>>> each,
                                                       const std::vector<LayerRate>& rates) {
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const auto& [name, factor] = rates[i];
    if (name.empty()) raise<ValueError>("LayerRates: a rate has no name");
    if (!(factor >= 0) || !std::isfinite(factor))
      raise<ValueError>("LayerRates: the rate of \"" + name + "\" must be a factor of at least 0, got " +
                        number_text(factor));
    for (std::size_t j = 0; j < i; ++j)
      if (rates[j].first == name) raise<ValueError>("LayerRates: two rates for \"" + name + "\"");
  }
  return std::make_unique<LayerRatesOptimizer<T, Device>>(std::move(each), rates);
}

}  // namespace detail

template <class T, class Device>
std::vector<LayerRate> decayed_rates(const Model<T, Device>& model, double decay) {
  if (!(decay > 0 && decay <= 1))
    detail::raise<ValueError>("decayed_rates: expected a factor above 0, at most 1, got " + detail::number_text(decay));
  std::vector<LayerRate> rates;
  double factor = 1;
  for (std::size_t i = model.layers().size(); i-- > 0;) {
    const Layer<T, Device>& layer = *model.layers()[i];
    const auto& parameters = layer.parameters();
    if (std::none_of(parameters.begin(), parameters.end(), [](const auto& p) { return p.learned; })) continue;
    rates.emplace_back(layer.name, factor);
    factor *= decay;
  }
  return rates;
}

}  // namespace brindle
