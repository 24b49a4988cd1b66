// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what keep_best.hpp declares.
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
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
      for (const auto& p : std::as_const(*layer).parameters()) visit(p.value, i++);
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
    each([&](const Tensor<T, Device>& value_of, std::size_t i) {
      if (i == state->weights.size()) state->weights.push_back(Tensor<T, Device>::uninitialized(value_of.shape()));
      Memory<Device>::copy(state->weights[i].data(), value_of.data(), value_of.bytes());
    });
  };
  callback.end = [state, &model](FitState&) {
    const auto same = [](const Tensor<T, Device>& a, const Tensor<T, Device>& b) {
      if constexpr (std::is_same_v<Device, Cpu>) return std::memcmp(a.data(), b.data(), a.bytes()) == 0;
      return false;
    };
    auto kept = state->weights.begin();
    for (const auto& layer : model.layers()) {
      if (kept == state->weights.end()) break;
      // Whoever may write parameters takes back what fix_weights() has prepared of them: not of layers that are as
      // kept.
      const auto& now = std::as_const(*layer).parameters();
      for (std::size_t p = 0; p < now.size(); ++p, ++kept)
        if (!same(now[p].value, *kept))
          Memory<Device>::copy(layer->parameters()[p].value.data(), kept->data(), kept->bytes());
    }
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
      each([&](const Tensor<T, Device>&, std::size_t i) {
        run.tensor("keep_best." + std::to_string(i), state->weights[i]);
      });
      return;
    }
    std::vector<Tensor<T, Device>> weights;  // the best ones once all are read
    each([&](const Tensor<T, Device>& value_of, std::size_t i) {
      weights.push_back(Tensor<T, Device>::uninitialized(value_of.shape()));
      run.tensor("keep_best." + std::to_string(i), weights.back());
    });
    state->weights = std::move(weights);
  };
  return callback;
}

}  // namespace brindle
