// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brindle/io/onnx_graph.hpp"
#include "brindle/nn/conv2d_settings.hpp"
#include "brindle/ops/padding.hpp"

// Conv, pools, BatchNormalization, Pad, Gemm and MatMul.
namespace brindle::io::detail {

/// Windows over pictures, as attributes describe them.
struct OnnxWindows {
  Size2 kernel, stride, dilation;
  Border pads;  ///< zeros around the picture, computed where the file has a rule
};

inline Size2 size2(OnnxOperator& n, const std::string& attribute, const std::vector<std::int64_t>& otherwise) {
  const std::vector<std::int64_t> all = n.integers(attribute, otherwise);
  if (all.size() != 2 || all[0] < 1 || all[1] < 1 || all[0] > (1 << 30) || all[1] > (1 << 30))
    n.fail("attribute " + attribute + " is " + onnx_sizes_text(all) + ", expected two numbers of at least 1");
  return {all[0], all[1]};
}

/// x: shape of a sample.
inline OnnxWindows windows(OnnxOperator& n, const Size2& kernel, const Shape& x) {
  OnnxWindows w{kernel, size2(n, "strides", {1, 1}), size2(n, "dilations", {1, 1}), {}};
  const std::vector<std::int64_t> pads = n.integers("pads", {0, 0, 0, 0});
  if (pads.size() != 4) n.fail("attribute pads is " + onnx_sizes_text(pads) + ", expected four numbers");
  for (const std::int64_t side : pads)
    if (side < 0 || side > (1 << 30)) n.fail("attribute pads is " + onnx_sizes_text(pads) + ", expected at least 0");
  w.pads = Border(pads[0], pads[2], pads[1], pads[3]);
  const std::string rule = n.text("auto_pad", "NOTSET");
  if (rule == "NOTSET") return w;
  w.pads = {};
  if (rule == "VALID") return w;
  if (rule != "SAME_UPPER" && rule != "SAME_LOWER") n.fail("attribute auto_pad = " + rule + " is not supported");
  const auto edges = [&](std::int64_t in, std::int64_t window, std::int64_t step) {
    const std::int64_t all = std::max<std::int64_t>(((in + step - 1) / step - 1) * step + window - in, 0);
    return rule == "SAME_UPPER" ? Border::Edges{all / 2, all - all / 2} : Border::Edges{all - all / 2, all / 2};
  };
  w.pads = Border(edges(x[0], (kernel.h - 1) * w.dilation.h + 1, w.stride.h),
                  edges(x[1], (kernel.w - 1) * w.dilation.w + 1, w.stride.w));
  return w;
}

/// Whether Padding::same puts as much around these pictures, and gives as many windows.
inline bool is_same_padding(const OnnxWindows& w, const Shape& x) {
  const auto is_same = [](std::int64_t in, std::int64_t kernel, std::int64_t step, std::int64_t before,
                          std::int64_t after) {
    const ops::WindowAxis same = ops::WindowAxis::of(in, kernel, step, Padding::same);
    const ops::WindowAxis given = ops::WindowAxis::of(in, kernel, step, before, after);
    return same.out == given.out && same.before == given.before;
  };
  return is_same(x[0], (w.kernel.h - 1) * w.dilation.h + 1, w.stride.h, w.pads.top, w.pads.bottom) &&
         is_same(x[1], (w.kernel.w - 1) * w.dilation.w + 1, w.stride.w, w.pads.left, w.pads.right);
}

/// A tensor of the file as it is.
inline OnnxWeight whole_weight(const std::string& parameter, const OnnxConstant& c) {
  return {parameter, c, {c.size()}, {0}};
}

inline void import_conv(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.pictures(n, 0);
  const Shape in = g.shape(x);
  const OnnxConstant& filters = g.constant(n, 1, "its weights");
  const std::vector<std::int64_t>& f = filters.shape;
  if (f.size() != 4 || filters.integer)
    n.fail("its weights are " + onnx_sizes_text(f) +
           ", only those of two dimensions (out, in, rows, columns) are supported");
  for (const std::int64_t size : f)
    if (size < 1 || size > (1 << 30)) n.fail("its weights are " + onnx_sizes_text(f));
  const Size2 kernel = size2(n, "kernel_shape", {f[2], f[3]});
  if (!(kernel == Size2(f[2], f[3])))
    n.fail("attribute kernel_shape is " + to_string(kernel) + ", its weights are " + onnx_sizes_text(f));
  const OnnxWindows w = windows(n, kernel, in);
  const std::int64_t groups = n.integer("group", 1);
  if (groups < 1 || in[2] % groups != 0 || f[1] != in[2] / groups || f[0] % groups != 0)
    n.fail("its weights " + onnx_sizes_text(f) + " do not fit " + std::to_string(in[2]) + " channels in " +
           std::to_string(groups) + " groups");
  const bool bias = n.has_input(2);
  Conv2DPadding padding = w.pads;
  if (w.pads == Border(0))
    padding = Padding::valid;
  else if (is_same_padding(w, in))
    padding = Padding::same;
  Config config;
  const bool depthwise = groups == in[2] && groups > 1;
  if (depthwise)
    config.set("depth_multiplier", f[0] / groups);
  else
    config.set("filters", f[0]);
  config.set("kernel_size", std::vector<std::int64_t>{kernel.h, kernel.w});
  config.set("strides", std::vector<std::int64_t>{w.stride.h, w.stride.w});
  config.set("padding", brindle::detail::conv2d_padding_setting(padding));
  config.set("activation", "linear");
  config.set("use_bias", bias);
  if (!(w.dilation == Size2(1))) config.set("dilation_rate", std::vector<std::int64_t>{w.dilation.h, w.dilation.w});
  std::vector<OnnxWeight> weights;
  if (depthwise) {  // filter c multiplier + m is number m of channel c
    weights.push_back({"kernel", filters, {groups, f[0] / groups, f[2], f[3]}, {2, 3, 0, 1}});
  } else {
    if (groups > 1) config.set("groups", groups);
    weights.push_back({"kernel", filters, f, {2, 3, 1, 0}});
  }
  if (bias) {
    const OnnxConstant& b = g.constant(n, 2, "its bias");
    if (b.shape != std::vector<std::int64_t>{f[0]} || b.integer)
      n.fail("its bias is " + onnx_sizes_text(b.shape) + ", expected (" + std::to_string(f[0]) + ")");
    weights.push_back(whole_weight("bias", b));
  }
  const std::size_t value = g.add(n, depthwise ? "DepthwiseConv2D" : "Conv2D", config, {x.value}, std::move(weights));
  g.set_output(n, g.ordered(value, OnnxGraph::picture()));
}

/// Adds so much at the end that the last window, which hangs over the edge, is whole. ceil_mode counts it if it begins
/// in the picture or its padding in front.
inline void complete_windows(OnnxWindows& w, const Shape& x) {
  const auto complete = [](std::int64_t in, std::int64_t kernel, std::int64_t step, std::int64_t before,
                           std::int64_t& after) {
    const std::int64_t room = before + in + after - kernel;
    if (room < 0) return;
    std::int64_t out = (room + step - 1) / step + 1;
    if ((out - 1) * step >= in + before) --out;
    after = std::max(after, (out - 1) * step + kernel - in - before);
  };
  complete(x[0], w.kernel.h, w.stride.h, w.pads.top, w.pads.bottom);
  complete(x[1], w.kernel.w, w.stride.w, w.pads.left, w.pads.right);
}

inline void import_pool(OnnxGraph& g, OnnxOperator& n) {
  const bool average = n.node().op == "AveragePool";
  const OnnxValue x = g.pictures(n, 0);
  const Shape in = g.shape(x);
  if (!n.find("kernel_shape")) n.fail("attribute kernel_shape is missing");
  OnnxWindows w = windows(n, size2(n, "kernel_shape", {}), in);
  if (!(w.dilation == Size2(1))) n.fail("attribute dilations = " + to_string(w.dilation) + " is not supported");
  n.expect("storage_order", 0, 0);
  const bool counts_padding = n.integer("count_include_pad", 0) != 0;
  if (w.pads.top >= w.kernel.h || w.pads.bottom >= w.kernel.h || w.pads.left >= w.kernel.w ||
      w.pads.right >= w.kernel.w)
    n.fail("attribute pads is as large as a window, which is not supported");
  const Border given = w.pads;
  if (n.integer("ceil_mode", 0) != 0) complete_windows(w, in);
  std::size_t value = x.value;
  std::string padding = "valid";
  const auto with_zeros = [&] {
    value = g.add(n, "ZeroPadding2D", {{"padding", brindle::detail::border_setting(w.pads)}}, {value});
  };
  if (w.pads == Border(0)) {
  } else if (is_same_padding(w, in) && !(average && counts_padding)) {
    padding = "same";
  } else if (average ? counts_padding && w.pads == given : g.is_at_least_0(x.value)) {
    with_zeros();
  } else {
    n.fail("attribute pads = " + to_string(given) + (w.pads == given ? "" : " with ceil_mode") + " for pictures " +
           to_string_batch(in) + " is not supported; it is where it is that of Padding::same, " +
           (average ? "or with count_include_pad" : "or behind a Relu"));
  }
  value = g.add(n, average ? "AveragePooling2D" : "MaxPooling2D",
                {{"pool_size", std::vector<std::int64_t>{w.kernel.h, w.kernel.w}},
                 {"strides", std::vector<std::int64_t>{w.stride.h, w.stride.w}},
                 {"padding", padding}},
                {value});
  g.set_output(n, g.ordered(value, OnnxGraph::picture()));
}

inline void import_global_pool(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.pictures(n, 0);
  const std::string type = n.node().op == "GlobalMaxPool" ? "GlobalMaxPooling2D" : "GlobalAveragePooling2D";
  g.set_output(n, g.ordered(g.add(n, type, {{"keepdims", true}}, {x.value}), OnnxGraph::picture()));
}

inline void import_batch_normalization(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue& x = g.tensor(n, 0);
  const std::size_t rank = x.axes.size();
  if (rank != 1 && rank != 3) n.fail("values of " + std::to_string(rank + 1) + " axes are not supported, 2 or 4 are");
  n.expect("spatial", 1, 1);
  n.expect("training_mode", 0, 0);
  n.find("consumed_inputs");
  const OnnxGraph::Order order = rank == 3 ? OnnxGraph::picture() : OnnxGraph::as_in_file(1);
  const OnnxValue in = g.in_order(n, x, order);
  const std::int64_t channels = g.shape(in).back();
  std::vector<OnnxWeight> weights;
  const char* names[] = {"gamma", "beta", "moving_mean", "moving_variance"};
  for (std::size_t i = 0; i < 4; ++i) {
    const OnnxConstant& c = g.constant(n, i + 1, names[i]);
    if (c.shape != std::vector<std::int64_t>{channels} || c.integer)
      n.fail(std::string(names[i]) + " is " + onnx_sizes_text(c.shape) + ", expected (" + std::to_string(channels) +
             ")");
    weights.push_back(whole_weight(names[i], c));
  }
  const std::size_t value = g.add(n, "BatchNormalization",
                                  {{"axis", std::int64_t{-1}},
                                   {"momentum", n.number("momentum", 0.9f)},
                                   {"epsilon", n.number("epsilon", 1e-5f)},
                                   {"center", true},
                                   {"scale", true}},
                                  {in.value}, std::move(weights));
  g.set_output(n, g.ordered(value, order));
}

inline void import_pad(OnnxGraph& g, OnnxOperator& n) {
  if (n.text("mode", "constant") != "constant") n.fail("attribute mode = " + n.text("mode", "") + " is not supported");
  std::vector<std::int64_t> pads;
  double value = 0;
  if (n.opset() < 11) {
    pads = n.integers("pads", {});
    value = n.number("value", 0);
  } else {
    pads = g.integers(n, 1, "pads");
    if (n.has_input(2)) value = g.number(n, 2, "the number to pad with");
    if (n.has_input(3)) n.fail("input axes is not supported");
  }
  const OnnxValue& x = g.tensor(n, 0);
  if (pads.size() != 2 * (x.axes.size() + 1))
    n.fail("pads are " + onnx_sizes_text(pads) + " for " + std::to_string(x.axes.size() + 1) + " axes");
  if (std::all_of(pads.begin(), pads.end(), [](std::int64_t side) { return side == 0; })) return g.set_output(n, x);
  if (x.axes.size() != 3) g.pictures(n, 0);                           // says why not
  const std::optional<OnnxGraph::Order> order = g.common_order({x});  // where rows, columns and channels stand
  const OnnxValue in = g.in_order(n, x, order);
  const auto sides = [&](int of) {  // in front and behind
    const auto axis = static_cast<std::size_t>((*order)[static_cast<std::size_t>(of)] + 1);
    return std::array{pads[axis], pads[axis + 4]};
  };
  const auto rows = sides(0), columns = sides(1), channels = sides(2);
  for (const std::int64_t side : pads)
    if (side < 0 || side > (1 << 30) || pads[0] != 0 || pads[4] != 0 || channels[0] != 0 || channels[1] != 0)
      n.fail("pads of " + onnx_sizes_text(pads) +
             " are not supported, only rows and columns that are added to pictures");
  if (value != 0) n.fail("padding with another number than 0 is not supported");
  const Border border(rows[0], rows[1], columns[0], columns[1]);
  const std::size_t padded =
      g.add(n, "ZeroPadding2D", {{"padding", brindle::detail::border_setting(border)}}, {in.value});
  g.set_output(n, g.ordered(padded, *order));
}

/// A Dense layer behind x, whose last axis in the file has `features` elements. The kernel is (features, units) in the
/// file, or the other way round.
inline void add_dense(OnnxGraph& g, OnnxOperator& n, const OnnxValue& x, const OnnxConstant& kernel, bool transposed,
                      double factor, std::vector<OnnxWeight> bias) {
  const std::int64_t features = g.dims(x).back(), units = kernel.shape[transposed ? 0 : 1];
  if (kernel.integer || kernel.shape[transposed ? 1 : 0] != features || units < 1)
    n.fail("its weights " + onnx_sizes_text(kernel.shape) + " do not fit " + std::to_string(features) + " features");
  const std::size_t rank = x.axes.size();
  OnnxValue in = x;
  // Of what was (C, H, W) before it was made a row of features: the kernel's rows go where ours lie.
  std::vector<std::int64_t> parts{features};
  std::vector<int> places{0};
  if (rank == 1 && !OnnxGraph::lies_in(x, {0})) {
    const std::vector<int>& from = x.axes[0];
    parts.clear();
    for (const int axis : from) parts.push_back(g.shape(x)[axis]);
    places.assign(from.size(), 0);
    std::iota(places.begin(), places.end(), 0);
    std::sort(places.begin(), places.end(),
              [&](int a, int b) { return from[static_cast<std::size_t>(a)] < from[static_cast<std::size_t>(b)]; });
    in = g.ordered(g.reshaped(n, x.value, {features}), {0});
  } else {
    in = g.in_order(n, x, OnnxGraph::as_in_file(rank));
  }
  OnnxWeight weight{"kernel", kernel, parts, places, factor};
  if (transposed) {
    weight.sizes.insert(weight.sizes.begin(), units);
    for (int& axis : weight.axes) ++axis;
    weight.axes.push_back(0);
  } else {
    weight.axes.push_back(static_cast<int>(weight.sizes.size()));
    weight.sizes.push_back(units);
  }
  std::vector<OnnxWeight> weights{std::move(weight)};
  const bool use_bias = !bias.empty();
  for (OnnxWeight& b : bias) weights.push_back(std::move(b));
  const std::size_t value = g.add(n, "Dense", {{"units", units}, {"activation", "linear"}, {"use_bias", use_bias}},
                                  {in.value}, std::move(weights));
  g.set_output(n, g.ordered(value, OnnxGraph::as_in_file(rank)));
}

inline void import_gemm(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  const OnnxConstant& kernel = g.constant(n, 1, "its weights");
  n.expect("transA", 0, 0);
  n.find("broadcast");
  const bool transposed = n.integer("transB", 0) != 0;
  const double alpha = n.number("alpha", 1), beta = n.number("beta", 1);
  if (x.axes.size() != 1 || kernel.shape.size() != 2)
    n.fail("expected values (N, features) and weights of two axes, got " + onnx_sizes_text(kernel.shape));
  std::vector<OnnxWeight> bias;
  if (n.has_input(2) && beta != 0) {
    OnnxConstant c = g.constant(n, 2, "its bias");
    const std::int64_t units = kernel.shape[transposed ? 0 : 1];
    const std::int64_t last = c.shape.empty() ? 1 : c.shape.back();
    if (c.integer || c.size() != last || (last != units && last != 1))
      n.fail("its bias is " + onnx_sizes_text(c.shape) + ", expected (" + std::to_string(units) + ")");
    if (c.size() != units) {
      c = g.numbers(n, 2, "its bias");
      c.numbers.assign(static_cast<std::size_t>(units), c.numbers[0]);
      c.shape = {units};
    }
    bias.push_back(whole_weight("bias", c));
    bias.back().factor = beta;
  }
  add_dense(g, n, x, kernel, transposed, alpha, std::move(bias));
}

inline void import_matmul(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue x = g.tensor(n, 0);
  const OnnxConstant& kernel = g.constant(n, 1, "its second factor");
  if (kernel.shape.size() != 2 || x.axes.empty())
    n.fail("its second factor is " + onnx_sizes_text(kernel.shape) + ", only weights (features, units) are supported");
  add_dense(g, n, x, kernel, false, 1, {});
}

inline void import_layer_normalization(OnnxGraph& g, OnnxOperator& n) {
  const OnnxValue& x = g.tensor(n, 0);
  const auto rank = static_cast<std::int64_t>(x.axes.size());
  const std::int64_t axis = n.integer("axis", -1);
  if (axis != -1 && axis != rank)
    n.fail("attribute axis = " + std::to_string(axis) + " is not supported, only the last");
  n.expect("stash_type", 1, 1);
  const OnnxGraph::Order order = OnnxGraph::as_in_file(x.axes.size());
  const OnnxValue in = g.in_order(n, x, order);
  const std::int64_t channels = g.shape(in).back();
  std::vector<OnnxWeight> weights;
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    if (i == 2 && !n.has_input(2)) continue;
    const OnnxConstant& c = g.constant(n, i, i == 1 ? "gamma" : "beta");
    if (c.shape != std::vector<std::int64_t>{channels} || c.integer)
      n.fail("a parameter is " + onnx_sizes_text(c.shape) + ", expected (" + std::to_string(channels) + ")");
    weights.push_back(whole_weight(i == 1 ? "gamma" : "beta", c));
  }
  const std::size_t value = g.add(n, "LayerNormalization",
                                  {{"axis", std::int64_t{-1}},
                                   {"epsilon", n.number("epsilon", 1e-5f)},
                                   {"center", n.has_input(2)},
                                   {"scale", true}},
                                  {in.value}, std::move(weights));
  g.set_output(n, g.ordered(value, order));
}

}  // namespace brindle::io::detail
