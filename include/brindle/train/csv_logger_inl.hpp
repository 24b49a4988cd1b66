// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what csv_logger.hpp declares.
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <string>
#include <system_error>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/to_chars.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle {

BRINDLE_INLINE Callback csv_logger(const std::filesystem::path& path, const CsvLoggerOptions& options) {
  const auto out = std::make_shared<std::ofstream>();
  const auto columns = std::make_shared<std::string>();  // the file's first line
  const auto put = [out, path](const std::string& text) {
    *out << text;
    out->flush();
    if (!*out) detail::raise<FileError>(path.string() + ": cannot be written; check that the disk is not full");
  };
  Callback callback;
  callback.once = true;
  callback.begin = [out, columns, path, options, put](FitState& s) {
    std::string now = "epoch,loss,accuracy,val_loss,val_accuracy,seconds,learning_rate";
    for (const auto& [name, value] : s.val_metrics) now += ",val_" + name;
    const auto expect_columns = [&] {
      if (now != *columns)
        detail::raise<ValueError>(path.string() + ": csv_logger goes on with a log of the columns " + *columns +
                                  ", and this fit() has " + now + "; give it another file, or the same .metrics");
    };
    if (out->is_open()) return expect_columns();  // a second fit() goes on
    std::error_code ignored;
    const auto size = std::filesystem::file_size(path, ignored);
    const bool append = options.append || s.resumed;
    const bool continued = append && !ignored && size > 0;
    *columns = now;
    if (continued) {
      std::ifstream older(path, std::ios::binary);
      std::getline(older, *columns);
      if (columns->ends_with('\r')) columns->pop_back();  // of an editor or a table program
      expect_columns();
    }
    out->open(path, std::ios::binary | (append ? std::ios::app : std::ios::trunc));
    if (!*out)
      detail::raise<FileError>(path.string() +
                               ": cannot be opened; check that its folder exists and that you may write");
    if (!continued) put(now + "\n");
  };
  callback.epoch = [put](FitState& s) {
    const auto number = [](double value) {
      char text[64];
      const std::to_chars_result end = brindle::detail::to_chars(text, text + sizeof text, value);
      return std::string(text, end.ptr);
    };
    const bool validated = s.has_validation();
    std::string metrics;
    for (const auto& [name, value] : s.val_metrics) metrics += "," + (validated ? number(value) : "");
    put(std::to_string(s.epoch) + "," + number(s.loss) + "," + (s.has_accuracy ? number(s.accuracy) : "") + "," +
        (validated ? number(s.val_loss) : "") + "," + (validated && s.has_accuracy ? number(s.val_accuracy) : "") +
        "," + number(s.seconds) + "," + number(s.learning_rate) + metrics + "\n");
  };
  // Lines that were written after the checkpoint are written again.
  callback.state = [path](RunState& run) {
    std::error_code ignored;
    auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(path, ignored));
    const std::int64_t now = bytes;
    run.value("csv_logger.bytes", bytes);
    if (run.restoring() && bytes > 0 && bytes < now)
      std::filesystem::resize_file(path, static_cast<std::uintmax_t>(bytes), ignored);
  };
  return callback;
}

}  // namespace brindle
