// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what history_csv.hpp declares.
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/report/history_csv.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/train/history.hpp"

namespace brindle::report {

BRINDLE_INLINE std::string history_csv(const History& history) {
  std::string text = "epoch,loss,accuracy,val_loss,val_accuracy,seconds";
  for (const auto& [name, values] : history.val_metrics) text += ",val_" + name;
  text += '\n';
  for (std::size_t epoch = 0; epoch < history.epochs(); ++epoch) {
    text += std::to_string(epoch + 1);
    for (const std::vector<double>* column :
         {&history.loss, &history.accuracy, &history.val_loss, &history.val_accuracy, &history.seconds}) {
      text += ',';
      if (epoch < column->size()) text += shortest((*column)[epoch]);
    }
    for (const auto& [name, values] : history.val_metrics)
      text += "," + (epoch < values.size() ? shortest(values[epoch]) : std::string());
    text += '\n';
  }
  return text;
}

BRINDLE_INLINE void history_csv(const History& history, const std::filesystem::path& path) {
  replace_file(path, history_csv(history));
}

}  // namespace brindle::report
