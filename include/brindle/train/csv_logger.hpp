// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "brindle/train/callback.hpp"

namespace brindle {

struct CsvLoggerOptions {
  bool append = false;  ///< go on behind an older log, else begin anew
};

/// Writes a line an epoch to a file as it happens, so that the figures of a run that is cut off are there: epoch, loss,
/// accuracy, val_loss, val_accuracy, seconds, learning_rate (of the next step), and the metrics of fit() with val_
/// before their names. What is of validation data is empty where there are none, accuracies where the loss has none. A
/// run that goes on from a checkpoint goes on with its log, and so does a second fit() with the same callback, whose
/// epochs begin at 1 again. Behind the schedules in .callbacks it sees the rate that they have set.
///
///     .callbacks = {csv_logger("run.csv")}
///
/// Numbers have a decimal point in every locale and read back exactly. Throws FileError that begins with the path, at
/// the begin of fit() if the file cannot be opened, and after an epoch if it cannot be written; ValueError
/// if it goes on with a log that has other columns. Meaning: Keras's CSVLogger.
Callback csv_logger(const std::filesystem::path& path, const CsvLoggerOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/csv_logger_inl.hpp"
#endif
