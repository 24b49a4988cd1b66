// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what scheduled_rate.hpp declares.
#include <cstddef>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/scheduled_rate.hpp"

namespace brindle {

BRINDLE_INLINE std::size_t ScheduledRate::join(double now) {
  if (parts_.empty()) base_ = rate_ = now;
  take(now);
  parts_.insert(parts_.end(), {1, base_, base_});
  return parts_.size() / 3 - 1;
}

BRINDLE_INLINE double ScheduledRate::set(std::size_t which, double now, double factor, double exact,
                                         double exact_base) {
  take(now);
  double* part = parts_.data() + 3 * which;
  part[0] = factor, part[1] = exact, part[2] = exact_base;
  rate_ = parts_[2] == base_ ? parts_[1] : base_ * parts_[0];
  for (std::size_t i = 3; i < parts_.size(); i += 3) rate_ *= parts_[i];
  return rate_;
}

BRINDLE_INLINE void ScheduledRate::visit(RunState& run) {
  const std::size_t joined = parts_.size();
  run.value("rate.base", base_);
  run.value("rate.scheduled", rate_);
  run.values("rate.factors", parts_);
  if (parts_.size() != joined)
    detail::raise<ValueError>("fit: the checkpoint is of a run with " + std::to_string(parts_.size() / 3) +
                              " learning-rate schedules, here are " + std::to_string(joined / 3) +
                              "; give fit() the same callbacks in the same order");
}

BRINDLE_INLINE void ScheduledRate::take(double now) {
  if (now == rate_) return;
  base_ = rate_ != 0 ? base_ * (now / rate_) : now;
  rate_ = now;
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE void ScheduleMemory::visit(RunState& run, const std::string& who) {
  run.value(who + ".rate", rate);
  run.value(who + ".before", before);
  run.value(who + ".begun", begun);
}

}  // namespace brindle::detail
