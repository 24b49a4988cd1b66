// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what layer_table.hpp declares.
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/report/layer_table.hpp"
#include "brindle/report/model_summary.hpp"

namespace brindle::report {

template <class T, class Device>
std::string layer_table(const Model<T, Device>& model, const std::string& group) {
  std::size_t begin = 0, end = model.layers().size();
  if (!group.empty()) {
    const auto& groups = model.groups();
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.name == group; });
    if (found == groups.end())
      brindle::detail::raise<ValueError>("layer table: the model has no group of layers named \"" + group + "\"");
    begin = found->begin, end = found->end;
  }
  std::vector<std::vector<std::string>> rows{{"type", "name", "trainable"}};
  bool in_a_row = true;
  for (std::size_t i = begin; i < end; ++i) {
    const auto& layer = *model.layers()[i];
    rows.push_back({layer.type(), layer.name, layer.trainable ? "yes" : "no"});
    in_a_row = in_a_row && model.inputs(i) == std::vector<std::size_t>{i};
  }
  if (!in_a_row) {
    rows.front().push_back("connected to");
    const std::string input = internal::input_name(model);
    for (std::size_t i = begin; i < end; ++i) {
      std::string names;
      for (const std::size_t value : model.inputs(i))
        names += (names.empty() ? "" : ", ") + (value == 0 ? input : model.layers()[value - 1]->name);
      rows[i - begin + 1].push_back(names);
    }
  }
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t c = 0; c + 1 < row.size(); ++c) text.append(row[c]).append(widths[c] - row[c].size() + 2, ' ');
    text.append(row.back()).append("\n");
  }
  return text;
}

}  // namespace brindle::report
