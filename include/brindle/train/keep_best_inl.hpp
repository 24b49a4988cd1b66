// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what keep_best.hpp declares.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/keep_best.hpp"
#include "brindle/train/monitor.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle {

template <class T, class Device>
Callback keep_best(Model<T, Device>& model, const KeepBestOptions& options) {
  struct State {
    double best = 0;
    std::vector<Tensor<T, Device>> weights;  // empty: none kept yet
  };
  const auto state = std::make_shared<State>();
  // One function for both directions, so that both go over the parameters in the same order.
  const auto each = [&model](const auto& visit) {
    std::size_t i = 0;
    for (const auto& layer : model.layers())
      for (auto& p : layer->parameters()) visit(p.value, i++);
  };
  Callback callback;
  callback.begin = [state, options](FitState& s) {
    detail::check_monitor(s, options.monitor, "keep_best");
    state->best = detail::worst(options.monitor);
    state->weights.clear();
  };
  callback.epoch = [state, options, each](FitState& s) {
    const double value = detail::monitored(s, options.monitor, "keep_best");
    // Weights whose figure is no number are kept only until there are better ones.
    if (!detail::improves(options.monitor, value, state->best) && !state->weights.empty()) return;
    if (detail::improves(options.monitor, value, state->best)) state->best = value;
    each([&](Tensor<T, Device>& value_of, std::size_t i) {
      if (i == state->weights.size()) state->weights.push_back(Tensor<T, Device>::uninitialized(value_of.shape()));
      Memory<Device>::copy(state->weights[i].data(), value_of.data(), value_of.bytes());
    });
  };
  callback.end = [state, each](FitState&) {
    each([&](Tensor<T, Device>& value_of, std::size_t i) {
      if (i < state->weights.size()) Memory<Device>::copy(value_of.data(), state->weights[i].data(), value_of.bytes());
    });
    state->weights.clear();
  };
  callback.failed = callback.end;
  callback.state = [state, options, each](RunState& run) {
    run.same("keep_best", to_string(options.monitor));
    run.value("keep_best.best", state->best);
    bool kept = !state->weights.empty();
    run.value("keep_best.kept", kept);
    if (!kept) return;
    if (!run.restoring()) {
      each([&](Tensor<T, Device>&, std::size_t i) { run.tensor("keep_best." + std::to_string(i), state->weights[i]); });
      return;
    }
    std::vector<Tensor<T, Device>> weights;  // the best ones once all are read
    each([&](Tensor<T, Device>& value_of, std::size_t i) {
      weights.push_back(Tensor<T, Device>::uninitialized(value_of.shape()));
      run.tensor("keep_best." + std::to_string(i), weights.back());
    });
    state->weights = std::move(weights);
  };
  return callback;
}

}  // namespace brindle
