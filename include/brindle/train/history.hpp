// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace brindle {

/// What fit() measured, one entry an epoch. loss and accuracy are means over the epoch's training samples, taken while
/// the weights changed; val_loss and val_accuracy are of the validation data after the epoch, empty without such data.
/// Both accuracies are empty where the loss has none (MeanSquaredError).
struct History {
  std::vector<double> loss = {};          ///< of training
  std::vector<double> accuracy = {};      ///< of training, 0..1
  std::vector<double> val_loss = {};      ///< of the validation data
  std::vector<double> val_accuracy = {};  ///< 0..1
  /// FitOptions::metrics of the validation data, by name.
  std::map<std::string, std::vector<double>> val_metrics = {};
  std::vector<double> seconds = {};  ///< the epoch with its validation, wall clock
  std::vector<double> waited = {};   ///< of these, those in which training waited for its samples to be read

  std::size_t epochs() const { return loss.size(); }  ///< done so far

  /// Adds the epochs of a run that went on with the weights of this one.
  void append(const History& later) {
    for (const auto which : {&History::loss, &History::accuracy, &History::val_loss, &History::val_accuracy,
                             &History::seconds, &History::waited})
      (this->*which).insert((this->*which).end(), (later.*which).begin(), (later.*which).end());
    for (const auto& [name, values] : later.val_metrics)
      val_metrics[name].insert(val_metrics[name].end(), values.begin(), values.end());
  }
};

}  // namespace brindle
