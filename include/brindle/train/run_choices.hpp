// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "brindle/core/function_ref.hpp"

namespace brindle {

/// How far a trained base is trained on.
enum class TrainingStages {
  linear_head,  ///< what the base sees, and the best linear head on it: linear_head()
  head,         ///< a head that learns by epochs from what the base sees
  fine_tuning,  ///< a head, then the base with it
};

/// "linear-head", "head" or "fine-tuning".
std::string to_string(TrainingStages stages);

/// By that name. Throws ValueError with the names that there are.
TrainingStages parse_training_stages(const std::string& name);

/// Stages that were chosen, and why.
struct StagesChoice {
  TrainingStages stages = TrainingStages::head;  ///< what is done
  std::string reason = {};                       ///< in words, with the numbers that it rests on
};

/// The stages by the number of pictures of the smallest class and by the accuracy of a linear classifier on what the
/// base sees (accuracy_forecast()):
///
///     fewer than 500 pictures a class: linear_head;  from 500 on: head
///     from 250 on, and an accuracy below 0.95: fine_tuning, if the base may be fine-tuned at all
///
/// docs/results.md has the measurements that the numbers come from. accuracy: none where it is not known. Throws
/// ValueError without classes.
StagesChoice choose_stages(std::span<const std::int64_t> class_counts, std::optional<double> accuracy = std::nullopt);

/// A batch that was chosen, and why.
struct BatchChoice {
  std::int64_t batch = 32;  ///< samples a step
  std::string reason = {};  ///< in words, with the numbers that it rests on
};

/// The batch of a run: 32, halved while bytes(batch) is above most_bytes and the batch above 1; never more than there
/// are samples. It depends on no measured time, so that a run can be repeated.
///
///     choose_batch(photos.size(), 4'000'000'000, [&](std::int64_t batch) { return training_bytes(model, batch); })
///
/// Throws ValueError without samples.
BatchChoice choose_batch(std::int64_t samples, std::int64_t most_bytes,
                         FunctionRef<std::int64_t(std::int64_t batch)> bytes);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/run_choices_inl.hpp"
#endif
