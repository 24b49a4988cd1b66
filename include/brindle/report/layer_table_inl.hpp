#pragma once

// Definitions of what layer_table.hpp declares.
#include <algorithm>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/report/layer_table.hpp"

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
  for (std::size_t i = begin; i < end; ++i) {
    const auto& layer = *model.layers()[i];
    rows.push_back({layer.type(), layer.name, layer.trainable ? "yes" : "no"});
  }
  std::size_t type = 0, name = 0;
  for (const auto& row : rows) type = std::max(type, row[0].size()), name = std::max(name, row[1].size());
  std::string text;
  for (const auto& row : rows) {
    text.append(row[0]).append(type - row[0].size() + 2, ' ');
    text.append(row[1]).append(name - row[1].size() + 2, ' ');
    text.append(row[2]).append("\n");
  }
  return text;
}

}  // namespace brindle::report
