// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what fit_callbacks.hpp declares.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/fit_callbacks.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

/// Whether this process calls it.
inline bool called_here(const Team& team, const Callback& c) { return team.first() || !c.once; }

/// Those that are called with the state.
inline constexpr std::function<void(FitState&)> Callback::*callback_functions[] = {&Callback::begin, &Callback::step,
                                                                                   &Callback::epoch, &Callback::end};

/// A learning rate, and whether a callback has set it.
struct CallbackRate {
  double value = 0;
  bool set = false;

  bool other(const CallbackRate& than) const {  // as bits, so that no number is itself
    return set && std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(than.value);
  }
};

/// work(), and what it has thrown or set in one process, for all. Once a callback: the next one may call what all
/// processes call together, as optimizer_state(), and must not where somebody does not come so far.
template <class Work>
void FitCallbacks::agreed(FitState& state, const Work& work) const {
  const auto hand_on = [&] {
    if (rate_.now() != state.learning_rate) rate_.set(state.learning_rate);
  };
  if (team_.alone()) {
    work();
    return hand_on();
  }
  struct Set {
    CallbackRate first, any;  // of process 0; of one that has set it
    bool several = false, stop = false, pause = false, failed = false;
  };
  const CallbackRate before{.value = state.learning_rate, .set = true};
  Attempts attempt(team_);
  attempt(work);
  CallbackRate rate{.value = state.learning_rate};
  rate.set = before.other(rate);
  const Set own{rate, rate, false, state.stop, state.pause, attempt.failed()};
  const Set all = team_.met("a callback of fit()", own, [](const Set& a, const Set& b) {
    return Set{a.first,          a.any.set ? a.any : b.any, a.several || b.several || (a.any.set && b.any.other(a.any)),
               a.stop || b.stop, a.pause || b.pause,        a.failed || b.failed};
  });
  if (all.failed) attempt.throw_together();
  if (all.several || all.any.other(all.first)) {
    attempt([&] {
      raise<ValueError>("fit: a callback has set the learning rate to " + number_text(all.any.value) +
                        " in one process, and not in all; set it in all alike, or in a callback with once");
    });
    attempt.throw_together();
  }
  state.learning_rate = all.first.value;
  state.stop = all.stop;
  state.pause = all.pause;
  if (all.any.set) team_.together(hand_on);
}

BRINDLE_INLINE FitCallbacks::FitCallbacks(Team& team, const std::vector<Callback>& callbacks, Rate rate)
    : team_(team), callbacks_(callbacks), rate_(std::move(rate)) {
  for (const Callback& c : callbacks) {
    unsigned bits = 0, bit = 1;
    for (const auto which : callback_functions) {
      if (c.*which) bits |= bit;
      bit *= 2;
    }
    has_.push_back(team.combined(bits, [](unsigned a, unsigned b) { return a | b; }));
  }
}

BRINDLE_INLINE bool FitCallbacks::somebody_has(std::size_t callback,
                                               std::function<void(FitState&)> Callback::*which) const {
  unsigned bit = 1;
  for (const auto other : callback_functions) {
    if (other == which) break;
    bit *= 2;
  }
  return (has_[callback] & bit) != 0;
}

BRINDLE_INLINE void FitCallbacks::begin(FitState& state, std::size_t& begun) {
  for (std::size_t i = 0; i < callbacks_.size(); ++i) {
    const auto work = [&] {
      call_here(callbacks_[i], &Callback::begin, state);
      ++begun;
    };
    if (somebody_has(i, &Callback::begin))
      agreed(state, work);
    else
      work();
  }
}

BRINDLE_INLINE void FitCallbacks::call(std::function<void(FitState&)> Callback::*which, FitState& state) {
  for (std::size_t i = 0; i < callbacks_.size(); ++i)
    if (somebody_has(i, which)) agreed(state, [&] { call_here(callbacks_[i], which, state); });
}

BRINDLE_INLINE void FitCallbacks::call_here(const Callback& c, std::function<void(FitState&)> Callback::*which,
                                            FitState& state) const {
  if (!(c.*which) || !called_here(team_, c)) return;
  const double before = state.learning_rate;
  (c.*which)(state);
  const double rate = rate_.now();  // of the optimizer, where the callback may have set it
  if (rate == before) return;
  if (state.learning_rate != before && state.learning_rate != rate)
    raise<ValueError>("fit: a callback has set the learning rate to " + number_text(rate) +
                      " in the optimizer and to " + number_text(state.learning_rate) +
                      " in FitState; set it in one of them");
  state.learning_rate = rate;
}

BRINDLE_INLINE bool keep_weights(const std::vector<Callback>& callbacks) {
  return std::ranges::all_of(callbacks, [](const Callback& c) { return !c.step || c.keeps_weights; });
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
