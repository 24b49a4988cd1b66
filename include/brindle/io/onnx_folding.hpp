// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brindle/io/onnx_graph.hpp"

// Nodes that do not depend on the model's input: sizes and numbers, computed while the file is read.
namespace brindle::io::detail {

inline OnnxConstant constant_of(std::vector<std::int64_t> shape, std::vector<std::int64_t> integers) {
  return {.shape = std::move(shape), .integer = true, .integers = std::move(integers)};
}

inline void import_constant(OnnxGraph& g, OnnxOperator& n) {
  if (n.node().attributes.size() != 1) n.fail("expected one attribute");
  if (const OnnxAttribute* a = n.find("value"); a && a->tensor)
    return g.set_output(n, g.tensors().constant(*a->tensor));
  if (const OnnxAttribute* a = n.find("value_float"))
    return g.set_output(n, OnnxConstant{.numbers = {static_cast<double>(a->f)}});
  if (const OnnxAttribute* a = n.find("value_floats"))
    return g.set_output(n, OnnxConstant{.shape = {static_cast<std::int64_t>(a->floats.size())},
                                        .numbers = {a->floats.begin(), a->floats.end()}});
  if (const OnnxAttribute* a = n.find("value_int")) return g.set_output(n, constant_of({}, {a->i}));
  if (const OnnxAttribute* a = n.find("value_ints"))
    return g.set_output(n, constant_of({static_cast<std::int64_t>(a->ints.size())}, a->ints));
  n.fail("attribute " + n.node().attributes[0].name + " is not supported");
}

/// Shape: of a value that depends on the input, the number of samples is onnx_batch.
inline void import_shape(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue& x = g.input(n, 0);
  std::vector<std::int64_t> sizes = x.constant ? x.constant->shape : g.dims(x);
  if (!x.constant) sizes.insert(sizes.begin(), onnx_batch);
  const auto rank = static_cast<std::int64_t>(sizes.size());
  const auto place = [&](const char* attribute, std::int64_t otherwise) {
    const std::int64_t at = n.integer(attribute, otherwise);
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t begin = place("start", 0), end = std::max(place("end", rank), begin);
  sizes = std::vector<std::int64_t>(sizes.begin() + begin, sizes.begin() + end);
  g.set_output(n, constant_of({end - begin}, sizes));
}

/// Picks elements of a row of numbers.
inline OnnxConstant picked(const OnnxConstant& from, const std::vector<std::size_t>& places,
                           std::vector<std::int64_t> shape) {
  OnnxConstant c{.shape = std::move(shape), .integer = from.integer};
  for (const std::size_t i : places) {
    if (from.integer)
      c.integers.push_back(from.integers[i]);
    else
      c.numbers.push_back(from.numbers[i]);
  }
  return c;
}

inline OnnxConstant row_of_numbers(OnnxGraph& g, OnnxOperator& n, std::size_t i) {
  OnnxConstant c = g.numbers(n, i, "its input");
  if (c.shape.size() != 1)
    n.fail("of numbers " + onnx_sizes_text(c.shape) + " is not supported, only of a row of them");
  return c;
}

inline void fold_gather(OnnxGraph& g, OnnxOperator& n) {
  const OnnxConstant from = row_of_numbers(g, n, 0), at = g.numbers(n, 1, "indices");
  n.expect("axis", 0, 0);
  std::vector<std::size_t> places;
  g.take_budget(n, at.size());
  for (std::int64_t i : at.integers) {
    if (i < 0) i += from.shape[0];
    if (i < 0 || i >= from.shape[0]) n.fail("index " + std::to_string(i) + " of " + std::to_string(from.shape[0]));
    places.push_back(static_cast<std::size_t>(i));
  }
  if (!at.integer) n.fail("indices are no whole numbers");
  g.set_output(n, picked(from, places, at.shape));
}

/// Along the first axis.
inline void fold_slice(OnnxGraph& g, OnnxOperator& n) {
  const OnnxConstant from = g.numbers(n, 0, "its input");
  if (from.shape.empty() || from.size() < 1) n.fail("of numbers " + onnx_sizes_text(from.shape) + " is not supported");
  const auto one = [&](const char* name, std::size_t input, std::int64_t otherwise) {
    std::vector<std::int64_t> all = n.opset() < 10 ? n.integers(name, {otherwise}) : std::vector{otherwise};
    if (n.opset() >= 10 && n.has_input(input)) all = g.integers(n, input, name);
    if (all.size() != 1) n.fail(std::string(name) + " are not supported but for one axis");
    return all[0];
  };
  const std::int64_t size = from.shape[0], axis = one("axes", 3, 0), step = one("steps", 4, 1);
  if ((axis != 0 && axis != -static_cast<std::int64_t>(from.shape.size())) || (step != 1 && step != -1))
    n.fail("along axis " + std::to_string(axis) + " by steps of " + std::to_string(step) + " is not supported");
  const std::int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? size : size - 1;
  const auto place = [&](std::int64_t at) {
    at = std::clamp(at, -size - 1, size + 1);  // INT_MAX and its like mean all
    return std::clamp(at < 0 ? at + size : at, lowest, highest);
  };
  const std::int64_t row = from.size() / size, end = place(one("ends", 2, size));
  std::vector<std::size_t> places;
  std::vector<std::int64_t> shape = from.shape;
  shape[0] = 0;
  g.take_budget(n, from.size());
  for (std::int64_t i = std::max<std::int64_t>(place(one("starts", 1, 0)), 0); step > 0 ? i < end : i > end;
       i += step) {
    for (std::int64_t k = 0; k < row; ++k) places.push_back(static_cast<std::size_t>(i * row + k));
    ++shape[0];
  }
  g.set_output(n, picked(from, places, shape));
}

inline void fold_concat(OnnxGraph& g, OnnxOperator& n) {
  OnnxConstant all;
  const std::int64_t axis = n.integer("axis", 0);
  if (axis != 0 && axis != -1) n.fail("attribute axis = " + std::to_string(axis) + " is not supported");
  for (std::size_t i = 0; i < n.node().inputs.size(); ++i) {
    const OnnxConstant c = row_of_numbers(g, n, i);
    if (i > 0 && c.integer != all.integer) n.fail("of whole numbers and others");
    g.take_budget(n, c.size());
    all.integer = c.integer;
    all.integers.insert(all.integers.end(), c.integers.begin(), c.integers.end());
    all.numbers.insert(all.numbers.end(), c.numbers.begin(), c.numbers.end());
  }
  all.shape = {static_cast<std::int64_t>(all.integer ? all.integers.size() : all.numbers.size())};
  g.set_output(n, std::move(all));
}

/// Squeeze, Unsqueeze, Reshape and Flatten.
inline void fold_sizes(OnnxGraph& g, OnnxOperator& n) {
  const std::string& op = n.node().op;
  OnnxConstant c = g.constant(n, 0, "its input");
  const auto rank = static_cast<std::int64_t>(c.shape.size());
  if (op == "Reshape") {
    std::vector<std::int64_t> to = g.integers(n, 1, "the new sizes");
    std::int64_t known = 1;
    const bool zero_is_a_size = n.integer("allowzero", 0) != 0;
    if (to.size() > 8) n.fail("to more than 8 axes");
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (to[i] == 0 && !zero_is_a_size) to[i] = i < c.shape.size() ? c.shape[i] : 0;
      if (to[i] == -1) continue;
      if (to[i] < 1 || known > c.size() / to[i])
        n.fail("of " + onnx_sizes_text(c.shape) + " to " + onnx_sizes_text(to));
      known *= to[i];
    }
    if (std::count(to.begin(), to.end(), -1) == 1) *std::find(to.begin(), to.end(), -1) = c.size() / known;
    std::int64_t all = 1;
    for (const std::int64_t size : to) all *= size;
    if (all != c.size() || c.size() == 0) n.fail("of " + onnx_sizes_text(c.shape) + " to " + onnx_sizes_text(to));
    c.shape = to;
  } else {
    std::vector<std::int64_t> axes = n.integers("axes", {});
    if (n.opset() >= 13 && n.has_input(1)) axes = g.integers(n, 1, "axes");
    const std::int64_t whole = op == "Unsqueeze" ? rank + static_cast<std::int64_t>(axes.size()) : rank;
    if (axes.empty() && op == "Squeeze")
      for (std::int64_t i = 0; i < rank; ++i)
        if (c.shape[static_cast<std::size_t>(i)] == 1) axes.push_back(i);
    for (std::int64_t& axis : axes) {
      if (axis < 0) axis += whole;
      if (axis < 0 || axis >= whole || whole > 8) n.fail("axis " + std::to_string(axis) + " is not there");
    }
    std::sort(axes.begin(), axes.end());
    if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) n.fail("an axis is named twice");
    if (op == "Squeeze") std::reverse(axes.begin(), axes.end());
    for (const std::int64_t axis : axes) {
      if (op == "Unsqueeze") {
        c.shape.insert(c.shape.begin() + axis, 1);
      } else {
        if (c.shape[static_cast<std::size_t>(axis)] != 1) n.fail("axis " + std::to_string(axis) + " has more elements");
        c.shape.erase(c.shape.begin() + axis);
      }
    }
  }
  g.set_output(n, std::move(c));
}

inline void fold_transpose(OnnxGraph& g, OnnxOperator& n) {
  const OnnxConstant c = g.numbers(n, 0, "its input");
  const std::size_t rank = c.shape.size();
  std::vector<std::int64_t> backwards(rank);
  for (std::size_t i = 0; i < rank; ++i) backwards[i] = static_cast<std::int64_t>(rank - 1 - i);
  const std::vector<std::int64_t> perm = n.integers("perm", backwards);
  std::vector<std::int64_t> sorted = perm;
  std::sort(sorted.rbegin(), sorted.rend());
  if (sorted != backwards)
    n.fail("attribute perm = " + onnx_sizes_text(perm) + " does not fit " + onnx_sizes_text(c.shape));
  OnnxConstant turned{.shape = {}, .integer = c.integer};
  g.take_budget(n, c.size());
  for (const std::int64_t axis : perm) turned.shape.push_back(c.shape[static_cast<std::size_t>(axis)]);
  const std::vector<int> axes(perm.begin(), perm.end());
  turned.integers.resize(c.integers.size());
  turned.numbers.resize(c.numbers.size());
  if (c.integer)
    g.tensors().read(c, c.shape, axes, 1, turned.integers.data());
  else
    g.tensors().read(c, c.shape, axes, 1, turned.numbers.data());
  g.set_output(n, std::move(turned));
}

/// Add, Sub, Mul and Div of numbers, one of which may be single, and Neg, Sqrt, Ceil, Floor
/// and Reciprocal of some.
inline void fold_arithmetic(OnnxGraph& g, OnnxOperator& n) {
  const std::string& op = n.node().op;
  const OnnxConstant a = g.numbers(n, 0, "its input");
  const OnnxConstant b = n.has_input(1) ? g.numbers(n, 1, "its input") : OnnxConstant{.integer = a.integer};
  n.find("consumed_inputs");
  const bool binary = n.has_input(1);
  if (a.size() < 1 || b.size() < 1) n.fail("of no numbers is not supported");
  if (binary && (a.integer != b.integer || (a.shape != b.shape && a.size() != 1 && b.size() != 1)))
    n.fail("of " + onnx_sizes_text(a.shape) + " and " + onnx_sizes_text(b.shape) + " is not supported");
  const bool of_a = !binary || a.size() > b.size() || (a.size() == b.size() && a.shape.size() >= b.shape.size());
  OnnxConstant c{.shape = of_a ? a.shape : b.shape, .integer = a.integer};
  g.take_budget(n, c.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.size()); ++i) {
    const std::size_t at_a = a.size() == 1 ? 0 : i, at_b = b.size() == 1 ? 0 : i;
    if (c.integer) {
      const std::int64_t x = a.integers[at_a], y = binary ? b.integers[at_b] : 0;
      constexpr std::int64_t most = std::int64_t{1} << 31;
      if (x == onnx_batch || y == onnx_batch) n.fail("computes with the number of samples, which is not supported");
      if (x > most || x < -most || y > most || y < -most || (op == "Div" && y == 0))
        n.fail("of " + std::to_string(x) + " and " + std::to_string(y) + " is not supported");
      if (op == "Sqrt" || op == "Reciprocal" || op == "Ceil" || op == "Floor")
        n.fail("of whole numbers is not supported");
      c.integers.push_back(op == "Add" ? x + y : op == "Sub" ? x - y : op == "Mul" ? x * y : op == "Div" ? x / y : -x);
    } else {
      const double x = a.numbers[at_a], y = binary ? b.numbers[at_b] : 0;
      c.numbers.push_back(op == "Add"     ? x + y
                          : op == "Sub"   ? x - y
                          : op == "Mul"   ? x * y
                          : op == "Div"   ? x / y
                          : op == "Sqrt"  ? std::sqrt(x)
                          : op == "Ceil"  ? std::ceil(x)
                          : op == "Floor" ? std::floor(x)
                          : op == "Neg"   ? -x
                                          : 1 / x);
    }
  }
  g.set_output(n, std::move(c));
}

/// Limits, of opset 11 and later, of numbers.
inline void fold_clip(OnnxGraph& g, OnnxOperator& n) {
  if (n.opset() < 11) n.fail("of numbers is not supported before opset 11");
  OnnxConstant c = g.numbers(n, 0, "its input");
  g.take_budget(n, c.size());
  const auto limit = [&](auto& values, auto lowest, auto highest) {
    for (auto& value : values) value = std::min(std::max(value, lowest), highest);
  };
  if (c.integer) {
    const auto whole = [&](std::size_t i, const char* what, std::int64_t otherwise) {
      if (!n.has_input(i)) return otherwise;
      const std::vector<std::int64_t> all = g.integers(n, i, what);
      if (all.size() != 1) n.fail(std::string(what) + " is not one number");
      return all[0];
    };
    for (const std::int64_t value : c.integers)
      if (value == onnx_batch) n.fail("computes with the number of samples, which is not supported");
    limit(c.integers, whole(1, "the lower limit", std::numeric_limits<std::int64_t>::min()),
          whole(2, "the upper limit", std::numeric_limits<std::int64_t>::max()));
  } else {
    const double infinity = std::numeric_limits<double>::infinity();
    limit(c.numbers, n.has_input(1) ? g.number(n, 1, "the lower limit") : -infinity,
          n.has_input(2) ? g.number(n, 2, "the upper limit") : infinity);
  }
  g.set_output(n, std::move(c));
}

inline void fold_cast(OnnxGraph& g, OnnxOperator& n) {
  const OnnxConstant c = g.numbers(n, 0, "its input");
  const auto to = static_cast<OnnxType>(n.integer("to", 0));
  n.find("saturate");
  n.find("round_mode");
  OnnxConstant made{.shape = c.shape, .integer = OnnxTensors::is_integer(to)};
  if (made.integer && to != OnnxType::int64 && to != OnnxType::int32) n.fail("to this type is not supported");
  g.take_budget(n, c.size());
  for (const std::int64_t i : c.integers) {
    if (made.integer) {
      made.integers.push_back(i);
    } else {
      if (i == onnx_batch) n.fail("computes with the number of samples, which is not supported");
      made.numbers.push_back(static_cast<double>(i));
    }
  }
  for (const double x : c.numbers) {
    if (made.integer && !(std::abs(x) < 1e9)) n.fail("of " + std::to_string(x) + " is not supported");
    if (made.integer)
      made.integers.push_back(static_cast<std::int64_t>(x));
    else
      made.numbers.push_back(x);
  }
  g.set_output(n, std::move(made));
}

inline void fold_filled(OnnxGraph& g, OnnxOperator& n) {
  const std::vector<std::int64_t> sizes = g.integers(n, 0, "the sizes");
  std::int64_t elements = 1;
  for (const std::int64_t size : sizes) {
    if (size < 1 || size > (1 << 20) || elements > (1 << 20) || sizes.size() > 8)
      n.fail("of sizes " + onnx_sizes_text(sizes) + " is not supported");
    elements *= size;
  }
  g.take_budget(n, elements);
  OnnxConstant value{.numbers = {0}};
  if (const OnnxAttribute* a = n.find("value"); a && a->tensor)
    value = g.tensors().loaded(g.tensors().constant(*a->tensor));
  if (value.size() != 1) n.fail("attribute value has " + std::to_string(value.size()) + " elements, expected one");
  value.shape = sizes;
  if (value.integer)
    value.integers.assign(static_cast<std::size_t>(elements), value.integers[0]);
  else
    value.numbers.assign(static_cast<std::size_t>(elements), value.numbers[0]);
  g.set_output(n, std::move(value));
}

}  // namespace brindle::io::detail
