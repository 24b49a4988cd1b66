// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "brindle/train/callback.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/team.hpp"

// The callbacks of a fit(). Where several processes train together, what one of them throws or asks for holds for all:
// stop and pause of any, the learning rate of the first.
namespace brindle::detail {

/// Calls the begin of each; begun: gets how many are done.
void begin_callbacks(Team& team, const std::vector<Callback>& callbacks, FitState& state, std::size_t& begun);

/// Calls one function of each, in their order.
void call_callbacks(Team& team, const std::vector<Callback>& callbacks, std::function<void(FitState&)> Callback::*which,
                    FitState& state);

/// What the first `begun` do where an exception leaves fit().
void tell_failed(const Team& team, const std::vector<Callback>& callbacks, std::size_t begun, FitState& state);

/// What they remember, for checkpoints.
void visit_callbacks(const Team& team, const std::vector<Callback>& callbacks, RunState& run);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/fit_callbacks_inl.hpp"
#endif
