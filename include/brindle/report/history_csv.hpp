// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "brindle/train/history.hpp"

namespace brindle::report {

/// The history as CSV: a line of names (epoch, loss, accuracy, val_loss, val_accuracy, seconds, and the metrics with
/// val_ before their names), then a line an epoch. Numbers have a decimal point in every locale and read back exactly;
/// what was not measured in any epoch is left empty, in some epochs only (History::append()) it is nan.
std::string history_csv(const History& history);

/// Writes it to a file, whole or not at all. Throws FileError that begins with the path.
void history_csv(const History& history, const std::filesystem::path& path);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/history_csv_inl.hpp"
#endif
