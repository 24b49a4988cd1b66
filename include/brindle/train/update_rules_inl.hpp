// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what update_rules.hpp declares.
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/update_rules.hpp"

namespace brindle::detail {

BRINDLE_INLINE UpdateRules::UpdateRules(const TrainerOptions& o) : options_(o) {
  const auto fail = [](const std::string& what) { raise<ValueError>("Trainer: " + what); };
  const auto clip = [&](const char* name, double v) {
    if (!(v >= 0 && v <= 1e30))
      fail(std::string(name) + " must be above 0 and at most 1e30, or 0 for none, got " + number_text(v));
    return v > 0 ? 1 : 0;
  };
  if (clip("clipvalue", o.clipvalue) + clip("clipnorm", o.clipnorm) + clip("global_clipnorm", o.global_clipnorm) > 1)
    fail("expected at most one of clipvalue, clipnorm and global_clipnorm, got clipvalue " + number_text(o.clipvalue) +
         ", clipnorm " + number_text(o.clipnorm) + " and global_clipnorm " + number_text(o.global_clipnorm) +
         "; leave out the others");
  if (o.gradient_accumulation_steps < 1)
    fail("gradient_accumulation_steps must be at least 1, got " + std::to_string(o.gradient_accumulation_steps));
  if (!(o.ema_momentum >= 0 && o.ema_momentum <= 1))
    fail("ema_momentum must be 0 to 1, got " + number_text(o.ema_momentum));
  if (o.ema_overwrite_frequency < 0)
    fail("ema_overwrite_frequency must be at least 1, or 0 for the end of fit() only, got " +
         std::to_string(o.ema_overwrite_frequency));
  if (!o.use_ema && (o.ema_overwrite_frequency > 0 || o.swap_ema_weights))
    fail(std::string(o.swap_ema_weights ? "swap_ema_weights" : "ema_overwrite_frequency") +
         " needs averages of the weights; add .use_ema = true");
}

BRINDLE_INLINE StepKind UpdateRules::kind(std::int64_t step) const {
  const std::int64_t group = options_.gradient_accumulation_steps, every = options_.ema_overwrite_frequency;
  // Keras counts updates here, too, so that all batches of a group are first, or overwrite.
  return {.begins = step % group == 0,
          .updates = (step + 1) % group == 0,
          .first = averages() && step < group,
          .overwrites = averages() && every > 0 && (step / group + 1) % every == 0};
}

BRINDLE_INLINE std::string UpdateRules::text() const {
  std::string text;
  const auto number = [&](const char* name, double v) {
    if (v > 0) text += std::string(", ") + name + " " + number_text(v);
  };
  number("clipvalue", options_.clipvalue);
  number("clipnorm", options_.clipnorm);
  number("global_clipnorm", options_.global_clipnorm);
  if (accumulates()) text += ", gradient_accumulation_steps " + std::to_string(options_.gradient_accumulation_steps);
  if (!averages()) return text;
  text += ", ema_momentum " + number_text(options_.ema_momentum);
  if (options_.ema_overwrite_frequency > 0)
    text += ", ema_overwrite_frequency " + std::to_string(options_.ema_overwrite_frequency);
  return text + (options_.swap_ema_weights ? ", swap_ema_weights" : "");
}

BRINDLE_INLINE std::string UpdateRules::kept_text() const {
  if (kept() == 0) return "";
  return std::string(" with ") + (accumulates() ? "gradient_accumulation_steps" : "") + (kept() == 2 ? " and " : "") +
         (averages() ? "use_ema" : "");
}

}  // namespace brindle::detail
