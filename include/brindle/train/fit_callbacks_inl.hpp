// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what fit_callbacks.hpp declares.
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/fit_callbacks.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

/// work(), and what it has thrown or set in one process, for all. Once a callback: the next one may call what all
/// processes call together, as optimizer_state(), and must not where somebody does not come so far.
template <class Work>
void agreed(Team& team, FitState& state, const Work& work) {
  if (team.alone()) return work();
  Attempts attempt(team);
  attempt(work);
  struct Set {
    double learning_rate;
    bool stop, pause, failed;
  };
  const Set all = team.combined(
      Set{state.learning_rate, state.stop, state.pause, attempt.failed()}, [](const Set& a, const Set& b) {
        return Set{a.learning_rate, a.stop || b.stop, a.pause || b.pause, a.failed || b.failed};
      });
  if (all.failed) attempt.throw_together();
  state.learning_rate = all.learning_rate;
  state.stop = all.stop;
  state.pause = all.pause;
}

/// Whether this process calls it.
inline bool called_here(const Team& team, const Callback& c) { return team.first() || !c.once; }

BRINDLE_INLINE void begin_callbacks(Team& team, const std::vector<Callback>& callbacks, FitState& state,
                                    std::size_t& begun) {
  for (const Callback& c : callbacks) {
    const auto work = [&] {
      if (c.begin && called_here(team, c)) c.begin(state);
      ++begun;
    };
    if (c.begin)
      agreed(team, state, work);
    else
      work();
  }
}

BRINDLE_INLINE void call_callbacks(Team& team, const std::vector<Callback>& callbacks,
                                   std::function<void(FitState&)> Callback::*which, FitState& state) {
  for (const Callback& c : callbacks)
    if (c.*which)
      agreed(team, state, [&] {
        if (called_here(team, c)) (c.*which)(state);
      });
}

BRINDLE_INLINE void tell_failed(const Team& team, const std::vector<Callback>& callbacks, std::size_t begun,
                                FitState& state) {
  for (std::size_t i = 0; i < begun; ++i) {
    const Callback& c = callbacks[i];
    try {
      if (c.failed && called_here(team, c)) c.failed(state);
    } catch (...) {  // the first exception is the one that leaves fit()
    }
  }
}

BRINDLE_INLINE void visit_callbacks(const Team& team, const std::vector<Callback>& callbacks, RunState& run) {
  std::size_t number = 0;
  for (const Callback& c : callbacks) {
    if (!c.state) continue;
    run.set_prefix("callback " + std::to_string(++number) + "/");
    if (called_here(team, c)) c.state(run);
  }
  run.set_prefix("");
}

}  // namespace brindle::detail
