// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "brindle/io/onnx_graph.hpp"

// GELU as exporters write it before opset 20: x * (1 + erf(x / sqrt(2))) / 2, whose factors stand in any order.
namespace brindle::io::detail {

inline void import_erf(OnnxGraph& g, OnnxOperator& n) {
  OnnxValue x = g.tensor(n, 0);
  const OnnxLayer* by = x.value == 0 ? nullptr : &g.layers[x.value - 1];
  if (!by || !is_scaled(*by) ||
      std::abs(by->config.get("scale", std::vector<double>{})[0] - std::sqrt(0.5)) > 1e-6 * std::sqrt(0.5))
    n.fail("is no part of a GELU, x * (1 + erf(x / sqrt(2))) / 2, which is not supported");
  x.value = by->inputs[0];
  x.erf = OnnxValue::Erf{};
  g.set_output(n, x);
}

/// An Erf and a number. first: the number is the first input.
inline void import_erf_with_number(OnnxGraph& g, OnnxOperator& n, bool first) {
  const std::string& op = n.node().op;
  OnnxValue x = g.input(n, first ? 1 : 0);
  const double c = g.number(n, first ? 0 : 1, "a number");
  if (op == "Div" && (first || c == 0)) n.fail("divides by an Erf, or by 0, which is not supported");
  const double scale = op == "Mul" ? c : op == "Div" ? 1 / c : op == "Sub" && first ? -1 : 1;
  const double added = op == "Add" || (op == "Sub" && first) ? c : op == "Sub" ? -c : 0;
  x.erf = OnnxValue::Erf{x.erf->offset * scale + added, x.erf->factor * scale};
  g.set_output(n, x);
}

/// A product of two values, of which one at least is an Erf.
inline void import_gelu(OnnxGraph& g, OnnxOperator& n) {
  OnnxValue erf = g.input(n, 0), x = g.input(n, 1);
  if (!erf.erf) std::swap(erf, x);
  double factor = 1;
  if (x.value != erf.value && x.value != 0 && is_scaled(g.layers[x.value - 1])) {
    factor = g.layers[x.value - 1].config.get("scale", std::vector<double>{})[0];
    x.value = g.layers[x.value - 1].inputs[0];
  }
  const double half = erf.erf->factor;
  if (n.node().op != "Mul" || x.erf || x.value != erf.value || x.axes != erf.axes ||
      std::abs(erf.erf->offset - half) > 1e-6 * std::abs(half))
    n.fail("reads an Erf that is no part of a GELU, x * (1 + erf(x / sqrt(2))) / 2, which is not supported");
  x.value = g.add(n, "Activation", {{"activation", std::string("gelu")}}, {x.value});
  if (const double scale = 2 * factor * half; std::abs(scale - 1) > 1e-6)
    x.value = g.add(n, "Rescaling", {{"scale", std::vector{scale}}, {"offset", std::vector{0.0}}}, {x.value});
  g.set_output(n, x);
}

}  // namespace brindle::io::detail
