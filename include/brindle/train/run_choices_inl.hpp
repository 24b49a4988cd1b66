// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what run_choices.hpp declares.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/run_choices.hpp"

namespace brindle {

BRINDLE_INLINE std::string to_string(TrainingStages stages) {
  switch (stages) {
    case TrainingStages::linear_head:
      return "linear-head";
    case TrainingStages::head:
      return "head";
    case TrainingStages::fine_tuning:
      return "fine-tuning";
  }
  return "unknown";
}

BRINDLE_INLINE TrainingStages parse_training_stages(const std::string& name) {
  for (const TrainingStages s : {TrainingStages::linear_head, TrainingStages::head, TrainingStages::fine_tuning})
    if (name == to_string(s)) return s;
  detail::raise<ValueError>("no training stages are named \"" + name + "\"; there are: linear-head, head, fine-tuning");
}

BRINDLE_INLINE StagesChoice choose_stages(std::span<const std::int64_t> class_counts, std::optional<double> accuracy) {
  if (class_counts.empty()) detail::raise<ValueError>("choose_stages: there are no classes");
  const std::int64_t least = *std::min_element(class_counts.begin(), class_counts.end());
  const std::string pictures = std::to_string(least) + " pictures of the smallest class";
  if (accuracy && *accuracy < 0.95 && least >= 250) {
    char text[40];
    std::snprintf(text, sizeof text, "%.3f", *accuracy);
    return {TrainingStages::fine_tuning, "what the base sees tells the classes apart in " + std::string(text) +
                                             " of the pictures, below 0.95, and " + pictures +
                                             " (250 or more) are enough to teach it more"};
  }
  if (least < 500)
    return {TrainingStages::linear_head,
            pictures + ", fewer than 500: the best linear head is as good as one that learns by epochs, or better"};
  return {TrainingStages::head, pictures +
                                    ", 500 or more: a head that learns by epochs is as good as the best linear "
                                    "one, or better, and fine-tuning gains little for its minutes"};
}

BRINDLE_INLINE BatchChoice choose_batch(std::int64_t samples, std::int64_t most_bytes,
                                        FunctionRef<std::int64_t(std::int64_t batch)> bytes) {
  if (samples < 1)
    detail::raise<ValueError>("choose_batch: expected at least 1 sample, got " + std::to_string(samples));
  BatchChoice choice;
  const auto megabytes = [](std::int64_t n) { return std::to_string((n + 500000) / 1000000) + " MB"; };
  std::int64_t needs = bytes(choice.batch);
  while (choice.batch > 1 && needs > most_bytes) needs = bytes(choice.batch /= 2);
  choice.reason = choice.batch == 32
                      ? "the usual one, which takes " + megabytes(needs)
                      : "the largest that takes at most " + megabytes(most_bytes) + ": " + megabytes(needs);
  if (needs > most_bytes)
    choice.reason = "even one sample takes " + megabytes(needs) + ", more than " + megabytes(most_bytes);
  if (choice.batch > samples) choice = {samples, "all there are"};
  return choice;
}

}  // namespace brindle
