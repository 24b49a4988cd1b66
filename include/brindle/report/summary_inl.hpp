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

/// Text of at most `width` characters a line, broken at spaces where there are any. Counts UTF-8 characters.
BRINDLE_INLINE std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
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
    for (; length > width; length = characters(word)) {
      std::size_t cut = 0;
      for (std::size_t n = 0; n < width; ++n) do
          ++cut;
        while (cut < word.size() && (static_cast<unsigned char>(word[cut]) & 0xc0) == 0x80);
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

/// Columns end at 29, 55 and 65; a field that is too long is cut, with a space before the next one.
BRINDLE_INLINE std::string keras2_line(const std::string (&fields)[3]) {
  constexpr std::size_t ends[3] = {29, 55, 65};
  std::string line;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i > 0) line.back() = ' ';
    line = (line + fields[i]).substr(0, ends[i]);
    line.resize(ends[i], ' ');
  }
  return line + "\n";
}

}  // namespace brindle::report::internal::table

namespace brindle::report {

BRINDLE_INLINE std::string summary_table(std::span<const SummaryRow> rows, const SummaryOptions& options) {
  std::int64_t total = 0, frozen = 0;
  for (const SummaryRow& row : rows) {
    total += row.parameters;
    frozen += row.frozen;
  }

  if (options.style == SummaryStyle::keras2) {
    const std::string thin = std::string(65, '_') + "\n", thick = std::string(65, '=') + "\n";
    std::string text = thin + internal::table::keras2_line({"Layer (type)", "Output Shape", "Param #"}) + thick;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const SummaryRow& row = rows[i];
      // Keras 2 had one class, Model, where today's has Functional.
      const std::string type = row.type == "Functional" ? "Model" : row.type;
      text += internal::table::keras2_line(
          {row.name + " (" + type + ")", to_string_batch(row.output), std::to_string(row.parameters)});
      text += i + 1 == rows.size() ? thick : thin;
    }
    text += "Total params: " + thousands(total) + "\nTrainable params: " + thousands(total - frozen) +
            "\nNon-trainable params: " + thousands(frozen) + "\n";
    return text + thin;
  }

  constexpr std::size_t widths[3] = {33, 24, 13};
  const auto rule = [&](std::string_view left, std::string_view line, std::string_view middle, std::string_view right) {
    std::string text(left);
    for (std::size_t i = 0; i < 3; ++i) {
      text += internal::table::repeated(line, widths[i] + 2);
      text += i < 2 ? middle : right;
    }
    return text + "\n";
  };
  const auto cells = [&](std::string_view bar, const std::string(&fields)[3]) {
    std::vector<std::string> lines[3];
    std::size_t height = 1;
    for (std::size_t i = 0; i < 3; ++i) {
      lines[i] = internal::table::wrapped(fields[i], widths[i]);
      height = std::max(height, lines[i].size());
    }
    std::string text;
    for (std::size_t k = 0; k < height; ++k) {
      text += bar;
      for (std::size_t i = 0; i < 3; ++i) {
        text += ' ';
        text += internal::table::padded(k < lines[i].size() ? lines[i][k] : std::string(), widths[i], i == 2);
        text += ' ';
        text += bar;
      }
      text += '\n';
    }
    return text;
  };

  std::string text = "Model: \"" + options.title + "\"\n" + rule("┏", "━", "┳", "┓") +
                     cells("┃", {"Layer (type)", "Output Shape", "Param #"}) + rule("┡", "━", "╇", "┩");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SummaryRow& row = rows[i];
    if (i > 0) text += rule("├", "─", "┼", "┤");
    text += cells("│", {row.name + " (" + row.type + ")", to_string_batch(row.output), thousands(row.parameters)});
  }
  text += rule("└", "─", "┴", "┘");
  const auto count = [&](const char* what, std::int64_t parameters) {
    return std::string(" ") + what + " params: " + thousands(parameters) + " (" +
           internal::table::bytes_text(parameters * options.bytes_per_parameter) + ")\n";
  };
  return text + count("Total", total) + count("Trainable", total - frozen) + count("Non-trainable", frozen);
}

}  // namespace brindle::report
