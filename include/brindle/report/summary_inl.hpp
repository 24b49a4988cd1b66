// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what summary.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/summary.hpp"

namespace brindle::report::internal::table {

/// The byte at which the text has `characters` UTF-8 characters.
BRINDLE_INLINE std::size_t byte_of(const std::string& text, std::size_t characters) {
  std::size_t cut = 0;
  for (std::size_t n = 0; n < characters; ++n) do
      ++cut;
    while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80);
  return cut;
}

/// Text of at most `width` characters a line, broken at spaces where there are any. Counts UTF-8 characters. A word
/// that is longer goes on in the next line, or ends with "…".
BRINDLE_INLINE std::vector<std::string> wrapped(const std::string& text, std::size_t width, bool cut_words) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, space - at);
    at = space + 1;
    const auto characters = [](const std::string& s) {
      return static_cast<std::size_t>(
          std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    };
    std::size_t length = characters(word);
    if (used > 0 && used + 1 + length <= width) {
      lines.back() += ' ' + word;
      used += 1 + length;
      continue;
    }
    if (used > 0) lines.emplace_back();
    if (cut_words && length > width) {
      word = word.substr(0, byte_of(word, width - 1)) + "…";
      length = width;
    }
    for (; length > width; length = characters(word)) {
      const std::size_t cut = byte_of(word, width);
      lines.back() = word.substr(0, cut);
      word.erase(0, cut);
      lines.emplace_back();
    }
    lines.back() = word;
    used = length;
  }
  return lines;
}

BRINDLE_INLINE std::string padded(const std::string& text, std::size_t width, bool right) {
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  const std::string space(width > characters ? width - characters : 0, ' ');
  return right ? space + text : text + space;
}

/// "72.57 MB": units of 1024.
BRINDLE_INLINE std::string bytes_text(std::int64_t bytes) {
  double size = static_cast<double>(bytes);
  for (const char* unit : {"B", "KB", "MB", "GB", "TB"}) {
    if (size < 1024) return fixed(size, 2) + " " + unit;
    size /= 1024;
  }
  return fixed(size, 2) + " PB";
}

BRINDLE_INLINE std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

/// A field that is too long is cut, with a space before the next one. ends: of the columns.
BRINDLE_INLINE std::string keras2_line(const std::vector<std::size_t>& ends, const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (i > 0) line.back() = ' ';
    line = (line + fields[i]).substr(0, ends[i]);
    line.resize(ends[i], ' ');
  }
  return line + "\n";
}

BRINDLE_INLINE bool in_a_row(std::span<const SummaryRow> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!rows[i].inputs.empty() && (i == 0 || rows[i].inputs != std::vector<std::string>{rows[i - 1].name}))
      return false;
  return true;
}

/// "dense[0][0]": where Keras has the numbers of a layer's use and of the output that is read.
BRINDLE_INLINE std::string connection(const std::string& name) { return name + "[0][0]"; }

/// The table of Keras 2.2.4, utils/layer_utils.py.
BRINDLE_INLINE std::string keras2_table(std::span<const SummaryRow> rows, bool connected) {
  const std::vector<std::size_t> ends =
      connected ? std::vector<std::size_t>{32, 53, 65, 98} : std::vector<std::size_t>{29, 55, 65};
  const std::string thin = std::string(ends.back(), '_') + "\n", thick = std::string(ends.back(), '=') + "\n";
  std::string text = thin + keras2_line(ends, {"Layer (type)", "Output Shape", "Param #", "Connected to"}) + thick;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SummaryRow& row = rows[i];
    // Keras 2 had one class, Model, where today's has Functional.
    const std::string type = row.type == "Functional" ? "Model" : row.type;
    text +=
        keras2_line(ends, {row.name + " (" + type + ")", to_string_batch(row.output), std::to_string(row.parameters),
                           row.inputs.empty() ? "" : connection(row.inputs.front())});
    if (connected)
      for (std::size_t k = 1; k < row.inputs.size(); ++k)
        text += keras2_line(ends, {"", "", "", connection(row.inputs[k])});
    text += i + 1 == rows.size() ? thick : thin;
  }
  return text;
}

/// The table of Keras 3, utils/summary_utils.py, in 80 columns.
BRINDLE_INLINE std::string keras3_table(std::span<const SummaryRow> rows, bool connected) {
  const std::vector<std::size_t> widths =
      connected ? std::vector<std::size_t>{21, 17, 11, 18} : std::vector<std::size_t>{33, 24, 13};
  const auto rule = [&](std::string_view left, std::string_view line, std::string_view middle, std::string_view right) {
    std::string text(left);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += repeated(line, widths[i] + 2);
      text += i + 1 < widths.size() ? middle : right;
    }
    return text + "\n";
  };
  const auto cells = [&](std::string_view bar, const std::vector<std::string>& fields) {
    std::vector<std::vector<std::string>> lines;
    std::size_t height = 1;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      lines.push_back(wrapped(fields[i], widths[i], connected));
      height = std::max(height, lines[i].size());
    }
    std::string text;
    for (std::size_t k = 0; k < height; ++k) {
      text += bar;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        text += ' ';
        text += padded(k < lines[i].size() ? lines[i][k] : std::string(), widths[i], i == 2);
        text += ' ';
        text += bar;
      }
      text += '\n';
    }
    return text;
  };

  std::string text = rule("┏", "━", "┳", "┓") +
                     cells("┃", {"Layer (type)", "Output Shape", "Param #", "Connected to"}) + rule("┡", "━", "╇", "┩");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SummaryRow& row = rows[i];
    if (i > 0) text += rule("├", "─", "┼", "┤");
    std::string reads;
    for (const std::string& name : row.inputs) reads += (reads.empty() ? "" : ", ") + connection(name);
    text += cells("│", {row.name + " (" + row.type + ")", to_string_batch(row.output), thousands(row.parameters),
                        reads.empty() ? "-" : reads});
  }
  return text + rule("└", "─", "┴", "┘");
}

}  // namespace brindle::report::internal::table

namespace brindle::report {

BRINDLE_INLINE std::string summary_table(std::span<const SummaryRow> rows, const SummaryOptions& options) {
  std::int64_t total = 0, frozen = 0;
  for (const SummaryRow& row : rows) {
    total += row.parameters;
    frozen += row.frozen;
  }

  const bool connected = !internal::table::in_a_row(rows);
  if (options.style == SummaryStyle::keras2) {
    const std::string table = internal::table::keras2_table(rows, connected);
    return table + "Total params: " + thousands(total) + "\nTrainable params: " + thousands(total - frozen) +
           "\nNon-trainable params: " + thousands(frozen) + "\n" + table.substr(0, table.find('\n') + 1);
  }

  const auto count = [&](const char* what, std::int64_t parameters) {
    return std::string(" ") + what + " params: " + thousands(parameters) + " (" +
           internal::table::bytes_text(parameters * options.bytes_per_parameter) + ")\n";
  };
  return "Model: \"" + options.title + "\"\n" + internal::table::keras3_table(rows, connected) + count("Total", total) +
         count("Trainable", total - frozen) + count("Non-trainable", frozen);
}

}  // namespace brindle::report
