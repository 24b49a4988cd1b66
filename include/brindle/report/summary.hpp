// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/shape.hpp"

namespace brindle::report {

/// One line of a model's table: a layer, or a model inside the model.
struct SummaryRow {
  std::string name;             ///< "conv2d_1"
  std::string type;             ///< "Conv2D"; "Functional" or "Sequential" for a model inside
  Shape output;                 ///< of one sample
  std::int64_t parameters = 0;  ///< all of them
  std::int64_t frozen = 0;      ///< those of them that training leaves alone
  std::vector<std::string> inputs =
      {};  ///< names of the lines that it reads; may be left out where it is the one before
};

/// Whose summary() the table looks like.
enum class SummaryStyle {
  keras3,  ///< a box, 80 wide, sizes in bytes (needs UTF-8)
  keras2,  ///< the table of 2018, 65 wide; 98 with "Connected to"
};

struct SummaryOptions {
  std::string title = "sequential";           ///< the model's name (keras3 only)
  SummaryStyle style = SummaryStyle::keras3;  ///< how the table looks
  std::int64_t bytes_per_parameter = 4;       ///< keras3 only
};

namespace internal::table {

std::string padded(const std::string& text, std::size_t width, bool right);

/// Whether no line reads another one than that before it.
bool in_a_row(std::span<const SummaryRow> rows);

}  // namespace internal::table

/// A model's layers, shapes and parameters as the table that Keras prints, with a line break at the end. Where a line
/// reads another one than that before it, a column "Connected to" says what each reads; the columns are narrower then,
/// and a word that is too long for its own is cut.
std::string summary_table(std::span<const SummaryRow> rows, const SummaryOptions& options = {});

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/summary_inl.hpp"
#endif
