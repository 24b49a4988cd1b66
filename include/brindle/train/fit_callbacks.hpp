// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "brindle/train/callback.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/team.hpp"

// The callbacks of a fit(). Where several processes train together, what one of them throws or asks for holds for all:
// stop and pause of any, the learning rate of the first one if no other sets another.
namespace brindle::detail {

/// Callbacks, and which functions of each some process has: behind each of these calls all agree on what it has thrown
/// or set. A callback that only prints may do without some in a process that has no terminal.
class FitCallbacks {
 public:
  /// The optimizer's learning rate. It is that of FitState wherever a callback is called.
  struct Rate {
    std::function<double()> now;
    std::function<void(double)> set;
  };

  /// All processes have the same number of them.
  FitCallbacks(Team& team, const std::vector<Callback>& callbacks, Rate rate);

  /// Calls the begin of each; begun: gets how many are done.
  void begin(FitState& state, std::size_t& begun);
  /// Calls one function of each, in their order.
  void call(std::function<void(FitState&)> Callback::*which, FitState& state);

 private:
  template <class Work>
  void agreed(FitState& state, const Work& work) const;
  void call_here(const Callback& c, std::function<void(FitState&)> Callback::*which, FitState& state) const;
  bool somebody_has(std::size_t callback, std::function<void(FitState&)> Callback::*which) const;

  Team& team_;
  const std::vector<Callback>& callbacks_;
  Rate rate_;
  std::vector<unsigned> has_;  // bits, in the order of `functions`
};

/// Whether all that have a step say that it keeps the weights.
bool keep_weights(const std::vector<Callback>& callbacks);

/// What the first `begun` do where an exception leaves fit().
void tell_failed(const Team& team, const std::vector<Callback>& callbacks, std::size_t begun, FitState& state);

/// What they remember, for checkpoints.
void visit_callbacks(const Team& team, const std::vector<Callback>& callbacks, RunState& run);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/fit_callbacks_inl.hpp"
#endif
