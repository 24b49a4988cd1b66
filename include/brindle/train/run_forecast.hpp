#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle {

/// The accuracy that a run is likely to reach.
struct AccuracyForecast {
  double accuracy = 0;      ///< share of right answers, 0..1
  double low = 0;           ///< 95 times of 100 it is at least that on the validation data,
  double high = 0;          ///< and at most this
  std::int64_t judged = 0;  ///< samples that it was counted on
};

/// What classifiers that had not seen a sample said of it (out_of_fold_probabilities() on a base's features) tells of
/// the accuracy that a head on these features will have on other samples.
///
///     probabilities (N, K);  labels (N) or (N, 1);  validation: samples that the accuracy will be measured on
///
/// Both figures are counted, on N and on `validation` samples, so the bounds are Wilson's interval of N validation / (N +
/// validation) samples (E. B. Wilson, 1927). What it cannot know: copies among the samples make it too high, a change of
/// the features by fine-tuning makes it another run. Throws ShapeError or DataError as label_suspects(), ValueError
/// unless `validation` is at least 1.
AccuracyForecast accuracy_forecast(TensorView<const double> probabilities, TensorView<const float> labels,
                                   std::int64_t validation);

/// What a run will take and give.
struct RunForecast {
  double seconds = 0;                                       ///< from here to the end
  std::int64_t bytes = 0;                                   ///< of memory, at most at one time
  std::optional<AccuracyForecast> accuracy = std::nullopt;  ///< none: nothing tells

  /// "about 40 s, 300 MB, accuracy around 0.97 (0.95 to 0.98) expected".
  std::string text() const;
};

/// How far a base is trained on.
enum class TrainingStages {
  linear_head,  ///< features, and the best linear head on them: linear_head()
  head,         ///< a head that is trained on the features, by epochs
  fine_tuning,  ///< a head, then the base with it
};

/// "linear-head", "head" or "fine-tuning".
std::string to_string(TrainingStages stages);

/// By that name. Throws ValueError with the names that there are.
TrainingStages parse_training_stages(const std::string& name);

/// What was chosen for a run, and why.
template <class Value>
struct Choice {
  Value value = {};         ///< what is used
  std::string reason = {};  ///< in words
};

