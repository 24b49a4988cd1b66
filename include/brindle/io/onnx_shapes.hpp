// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/io/onnx_graph.hpp"

// Operators that give the same numbers under other sizes, or in another order of axes: of pictures nothing is moved, it
// is remembered what the file would have.
namespace brindle::io::detail {

inline void import_transpose(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue& x = g.tensor(n, 0);
  const std::size_t rank = x.axes.size() + 1;
  std::vector<std::int64_t> backwards(rank);
  for (std::size_t i = 0; i < rank; ++i) backwards[i] = static_cast<std::int64_t>(rank - 1 - i);
  const std::vector<std::int64_t> perm = n.integers("perm", backwards);
  std::vector<std::int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  std::reverse(backwards.begin(), backwards.end());
  if (sorted != backwards || perm[0] != 0)
    n.fail("attribute perm = " + onnx_sizes_text(perm) + " is not supported, the batch stays in front");
  OnnxValue y{.value = x.value};
  for (std::size_t i = 1; i < rank; ++i) y.axes.push_back(x.axes[static_cast<std::size_t>(perm[i]) - 1]);
  g.set_output(n, y);
}

/// Sizes of a sample that a value gets; what they are of, the file's axes, is remembered where each of them runs
/// through whole axes of ours, else the numbers must lie as in the file.
inline OnnxValue with_sizes(OnnxGraph& g, OnnxOperator& n, const OnnxValue& x, const std::vector<std::int64_t>& sizes) {
  const std::vector<int> all = OnnxGraph::sequence(x, OnnxGraph::as_in_file(x.axes.size()));
  OnnxValue y{.value = x.value};
  std::size_t at = 0;
  bool whole = true;
  for (const std::int64_t size : sizes) {
    y.axes.emplace_back();
    for (std::int64_t taken = 1; taken < size;) {
      if (at == all.size()) {
        whole = false;
        break;
      }
      taken *= g.shape(x)[all[at]];
      y.axes.back().push_back(all[at++]);
      whole = whole && taken <= size;
    }
  }
  if (whole && at == all.size()) return y;
  const OnnxGraph::Order order = OnnxGraph::as_in_file(x.axes.size());
  if (!OnnxGraph::lies_in(x, order))
    n.fail("takes the axes of pictures (N, C, H, W) apart to (N, " + onnx_sizes_text(sizes).substr(1) +
           ", which is not supported");
  return g.ordered(g.reshaped(n, x.value, sizes), OnnxGraph::as_in_file(sizes.size()));
}

inline void import_flatten(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  std::int64_t axis = n.integer("axis", 1);
  if (axis < 0) axis += static_cast<std::int64_t>(x.axes.size()) + 1;
  if (axis != 1) n.fail("attribute axis = " + std::to_string(axis) + " is not supported, expected 1");
  g.set_output(n, with_sizes(g, n, x, {g.shape(x).size()}));
}

inline void import_reshape(OnnxGraph& g, OnnxOperator& n, std::int64_t batch) {
  const OnnxValue x = g.tensor(n, 0);
  std::vector<std::int64_t> to = g.integers(n, 1, "the new sizes");
  const bool zero_is_a_size = n.integer("allowzero", 0) != 0;
  const std::vector<std::int64_t> dims = g.dims(x);
  const std::int64_t elements = g.shape(x).size();
  if (to.empty() || to.size() > 6) n.fail("new sizes " + onnx_sizes_text(to) + " are not supported");
  for (std::size_t i = 1; i < to.size(); ++i)
    if (to[i] == 0 && !zero_is_a_size && i <= dims.size()) to[i] = dims[i - 1];
  const bool open = std::count(to.begin() + 1, to.end(), -1) == 1;
  const bool keeps_batch = to[0] == onnx_batch || to[0] == 0 || to[0] == -1 || (batch > 0 && to[0] == batch);
  const auto refuse = [&] {
    n.fail("from (N, " + onnx_sizes_text(dims).substr(1) + " to " + onnx_sizes_text(to) +
           " is not supported; the batch is axis 0, and stays it");
  };
  if (!keeps_batch || (to[0] == -1 && open) || (to[0] == 0 && zero_is_a_size)) refuse();
  std::vector<std::int64_t> sizes(to.begin() + 1, to.end());
  std::int64_t known = 1;
  for (const std::int64_t size : sizes) {
    if (size == -1) continue;
    if (size < 1 || known > elements / size) refuse();
    known *= size;
  }
  if (elements % known != 0) refuse();
  if (open) {
    *std::find(sizes.begin(), sizes.end(), -1) = elements / known;
  } else if (known != elements) {
    refuse();
  }
  g.set_output(n, with_sizes(g, n, x, sizes));
}

/// axes of Squeeze and Unsqueeze, counted in a value of `rank` axes.
inline std::vector<std::size_t> unit_axes(OnnxGraph& g, OnnxOperator& n, std::size_t rank) {
  std::vector<std::int64_t> axes = n.integers("axes", {});
  if (n.opset() >= 13 && n.has_input(1)) axes = g.integers(n, 1, "axes");
  std::vector<std::size_t> all;
  for (std::int64_t axis : axes) {
    if (axis < 0) axis += static_cast<std::int64_t>(rank);
    if (axis < 1 || axis >= static_cast<std::int64_t>(rank))
      n.fail("axis " + std::to_string(axis) + " is not supported, the batch is axis 0");
    all.push_back(static_cast<std::size_t>(axis) - 1);
  }
  std::sort(all.begin(), all.end());
  if (std::adjacent_find(all.begin(), all.end()) != all.end()) n.fail("an axis is named twice");
  return all;
}

inline void import_squeeze(OnnxGraph& g, OnnxOperator& n) {
  OnnxValue x = g.tensor(n, 0);
  const std::vector<std::size_t> axes = unit_axes(g, n, x.axes.size() + 1);
  if (axes.empty()) n.fail("without axes is not supported: the batch could be among them");
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (!x.axes[axes[i]].empty()) n.fail("axis " + std::to_string(axes[i] + 1) + " has more than one element");
    x.axes.erase(x.axes.begin() + static_cast<std::ptrdiff_t>(axes[i]));
  }
  g.set_output(n, x);
}

inline void import_unsqueeze(OnnxGraph& g, OnnxOperator& n) {
  OnnxValue x = g.tensor(n, 0);
  const std::size_t added = n.opset() >= 13 && n.has_input(1)
                                ? static_cast<std::size_t>(g.constant(n, 1, "axes").size())
                                : n.integers("axes", {}).size();
  if (added + x.axes.size() > 5) n.fail("values of more than 6 axes are not supported");
  for (const std::size_t axis : unit_axes(g, n, x.axes.size() + 1 + added))
    x.axes.insert(x.axes.begin() + static_cast<std::ptrdiff_t>(axis), std::vector<int>{});
  g.set_output(n, x);
}

/// A part of a value that is all of it, as exporters write `x[:, :channels]`.
inline void import_slice(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  const auto list = [&](const char* name, std::size_t input) {
    if (n.opset() < 10) return n.integers(name, {});
    return n.has_input(input) ? g.integers(n, input, name) : std::vector<std::int64_t>{};
  };
  const std::vector<std::int64_t> starts = list("starts", 1), ends = list("ends", 2), steps = list("steps", 4);
  std::vector<std::int64_t> axes = list("axes", 3);
  for (std::size_t i = 0; axes.size() < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  const auto rank = static_cast<std::int64_t>(x.axes.size()) + 1;
  const std::vector<std::int64_t> dims = g.dims(x);
  if (starts.size() != ends.size() || axes.size() != starts.size())
    n.fail("has " + std::to_string(starts.size()) + " starts, " + std::to_string(ends.size()) + " ends and " +
           std::to_string(axes.size()) + " axes");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank) n.fail("axis " + std::to_string(axes[i]) + " is not there");
    const std::int64_t size = axis == 0 ? std::int64_t{1} << 31 : dims[static_cast<std::size_t>(axis) - 1];
    const bool all = starts[i] == 0 || (axis > 0 && starts[i] <= -size);
    if (!all || ends[i] < size - (axis == 0 ? 1 : 0) || (i < steps.size() && steps[i] != 1))
      n.fail("of a part of a value is not supported: from " + std::to_string(starts[i]) + " to " +
             std::to_string(ends[i]) + " along axis " + std::to_string(axis));
  }
  g.set_output(n, x);
}

/// The same numbers in another type: brindle computes in the model's.
inline void import_cast(OnnxGraph& g, OnnxOperator& n) {
  OnnxValue x = g.input(n, 0);
  const auto to = static_cast<OnnxType>(n.integer("to", 0));
  n.find("saturate");
  n.find("round_mode");
  if (OnnxTensors::is_integer(to)) n.fail("to whole numbers is not supported");
  x.floats = true;
  g.set_output(n, x);
}

inline void import_identity(OnnxGraph& g, OnnxOperator& n) { g.set_output(n, g.input(n, 0)); }

}  // namespace brindle::io::detail
