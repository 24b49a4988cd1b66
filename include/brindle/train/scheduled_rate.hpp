// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "brindle/train/run_state.hpp"

namespace brindle {

/// How schedules share the learning rate of a fit(): the rate is that without schedules times the factor of each of
/// them. Somebody else who changes FitState::learning_rate changes the rate without schedules in that proportion. Where
/// the factors had made the rate 0, what is set holds for one step and is the rate without schedules from then on.
class ScheduledRate {
 public:
  /// A schedule joins, with the factor 1. now: FitState::learning_rate. Returns its number.
  std::size_t join(double now);

  double base() const { return base_; }         ///< the rate without schedules
  void set_base(double base) { base_ = base; }  ///< of a schedule that goes on where it ended

  /// Schedule `which` has a new factor. exact: base times factor as the schedule computes it where the base is
  /// `exact_base`. Returns the new learning rate.
  double set(std::size_t which, double now, double factor, double exact, double exact_base);

  /// For checkpoints. Throws ValueError, restoring, if another number of schedules was saved.
  void visit(RunState& run);

 private:
  void take(double now);

  double base_ = 0;
  double rate_ = 0;            // as the schedules left it
  std::vector<double> parts_;  // of each schedule: its factor, the exact product and the base that this is of
};

namespace detail {

/// What a schedule remembers of the rate, from one fit() to the next.
struct ScheduleMemory {
  double rate = 0;     // that it began with
  double before = 1;   // its factor when this fit() began
  bool begun = false;  // in a fit()
  std::size_t which = 0;

  /// A fit() begins. formula(rate): the learning rate of the schedule at present, if it began with `rate`.
  template <class State, class Formula>
  void begin(State& s, const Formula& formula) {
    which = s.schedules.join(s.learning_rate);
    if (!begun) {
      rate = s.schedules.base();
      before = 1;
    } else if (s.schedules.base() == formula(rate)) {  // nobody has changed it since
      s.schedules.set_base(rate);
      before = 1;
    } else {
      before = share(formula(rate));
    }
    begun = true;
    advance(s, formula);
  }

  template <class State, class Formula>
  void advance(State& s, const Formula& formula) const {
    const double at = formula(rate);
    s.learning_rate = s.schedules.set(which, s.learning_rate, before > 0 ? share(at) / before : 1, at,
                                      before == 1 ? rate : std::numeric_limits<double>::quiet_NaN());
  }

  void visit(RunState& run, const std::string& who);

 private:
  double share(double at) const { return rate > 0 ? at / rate : 1; }
};

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/scheduled_rate_inl.hpp"
#endif
