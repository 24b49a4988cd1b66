// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "brindle/train/fit_options.hpp"

// What happens between gradients and an optimizer's step, and behind it.
namespace brindle::detail {

/// What a training step does behind its backward pass; steps of one kind do the same work.
struct StepKind {
  bool begins = true;       ///< a group of gradients that are added up
  bool updates = true;      ///< ends the group: weights change
  bool first = false;       ///< averages are the weights themselves
  bool overwrites = false;  ///< weights become their averages

  friend auto operator<=>(const StepKind&, const StepKind&) = default;
};

/// The part of TrainerOptions that says how gradients become updates.
class UpdateRules {
 public:
  /// Throws ValueError for options out of their ranges, or that exclude each other.
  explicit UpdateRules(const TrainerOptions& options);

  const TrainerOptions& options() const { return options_; }  ///< as they were given
  /// Whether all gradients must be there before the first parameter changes.
  bool whole() const { return accumulates() || clips_by_norm() || options_.clipvalue > 0; }
  /// Whether gradients are scaled by a norm.
  bool clips_by_norm() const { return options_.clipnorm > 0 || options_.global_clipnorm > 0; }
  /// Whether gradients of several batches are added up.
  bool accumulates() const { return options_.gradient_accumulation_steps > 1; }
  /// Whether there are averages of the weights.
  bool averages() const { return options_.use_ema; }
  /// Tensors that are kept for a parameter behind its optimizer's slots: the sum of gradients, then the average.
  int kept() const { return (accumulates() ? 1 : 0) + (averages() ? 1 : 0); }

  /// Of step number `step`, 0 for the first.
  StepKind kind(std::int64_t step) const;
  /// Updates by so many steps; the optimizer's number of the next one is 1 more.
  std::int64_t updates(std::int64_t steps) const { return steps / options_.gradient_accumulation_steps; }

  /// ", clipnorm 1, use_ema": what differs from a plain update, for the identity of a run.
  std::string text() const;
  /// " with gradient_accumulation_steps": what the state of an optimizer has beside the optimizer's own.
  std::string kept_text() const;

 private:
  TrainerOptions options_;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/update_rules_inl.hpp"
#endif
