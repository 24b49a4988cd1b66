// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
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

  /// Adds the epochs of a run that went on with the weights of this one. What only one of the two has measured is NaN
  /// in the epochs of the other, so that each value stays with its epoch.
  void append(const History& later) {
    const std::size_t before = epochs(), after = before + later.epochs();
    const auto add = [&](std::vector<double>& to, const std::vector<double>& values) {
      if (to.empty() && values.empty()) return;
      fill_up(to, before);
      to.insert(to.end(), values.begin(), values.end());
      fill_up(to, after);
    };
    for (const auto which : {&History::loss, &History::accuracy, &History::val_loss, &History::val_accuracy,
                             &History::seconds, &History::waited})
      add(this->*which, later.*which);
    for (const auto& [name, values] : later.val_metrics) add(val_metrics[name], values);
    for (auto& [name, values] : val_metrics)
      if (!values.empty()) fill_up(values, after);
  }

 private:
  static void fill_up(std::vector<double>& values, std::size_t epochs) {
    if (values.size() < epochs) values.resize(epochs, std::numeric_limits<double>::quiet_NaN());
  }
};

}  // namespace brindle
