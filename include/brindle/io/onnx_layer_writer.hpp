// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/onnx_graph_writer.hpp"
#include "brindle/nn/channel_numbers.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/conv2d_settings.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle::io::detail {

/// A layer as OnnxLayerWriter takes it.
struct OnnxSource {
  std::string type, name;
  Config config;
  std::vector<std::string> inputs;        ///< names of the values that it reads
  std::vector<Shape> x;                   ///< their shapes, of a sample
  Shape y;                                ///< of what it gives
  std::vector<Tensor<float>> parameters;  ///< in its order

  /// How messages begin.
  std::string who() const { return type + " \"" + name + "\""; }
};

/// Writes layers as nodes. Pictures (H, W, C) are (N, C, H, W) in the file; samples of other ranks are as they are.
class OnnxLayerWriter {
 public:
  explicit OnnxLayerWriter(OnnxGraphWriter& to) : to_(&to) {}

  /// Adds the nodes of a layer; gives the name of the value that is its output. Throws ValueError for one that ONNX's
  /// operators do not have.
  std::string add(const OnnxSource& l) {
    const std::string& x = l.inputs.front();
    const Config& c = l.config;
    if (l.type == "Conv2D") return activated(l, convolved(l, x, l.parameters[0], 1));
    if (l.type == "DepthwiseConv2D") return activated(l, convolved(l, x, l.parameters[0], l.x[0][2]));
    if (l.type == "SeparableConv2D") return activated(l, pointwise(l, convolved(l, x, l.parameters[0], l.x[0][2])));
    if (l.type == "Dense") return activated(l, dense(l, x));
    if (l.type == "BatchNormalization") return batch_normalized(l, x);
    if (l.type == "LayerNormalization") return layer_normalized(l, x);
    if (l.type == "MaxPooling2D" || l.type == "AveragePooling2D") return pooled(l, x);
    if (l.type == "GlobalAveragePooling2D" || l.type == "GlobalMaxPooling2D") {
      const bool keeps = c.get("keepdims", false);
      const char* op = l.type == "GlobalMaxPooling2D" ? "GlobalMaxPool" : "GlobalAveragePool";
      const std::string mean = to_->add(op, keeps ? l.name : l.name + "/pool", {x});
      return keeps ? mean : to_->add("Flatten", l.name, {mean});
    }
    if (l.type == "ZeroPadding2D") return padded(l, x);
    if (l.type == "Flatten" || l.type == "Reshape") return reshaped(l, x);
    if (l.type == "Dropout") return to_->add("Dropout", l.name, {x, scalar(l.name + "/ratio", c.get("rate", 0.5))});
    if (l.type == "Rescaling") {
      const std::string scaled = by_channel(l, "Mul", x, "scale", c.get("scale", std::vector<double>{1}));
      return by_channel(l, "Add", scaled, "offset", c.get("offset", std::vector<double>{0}));
    }
    if (l.type == "Normalization") {
      const std::string centred = by_channel(l, "Sub", x, "mean", c.get("mean", std::vector<double>{}));
      return by_channel(l, "Mul", centred, "factor",
                        brindle::detail::normalization_factors(c.get("variance", std::vector<double>{})));
    }
    if (l.type == "Add" || l.type == "Multiply") {
      std::string sum = x;
      for (std::size_t i = 1; i < l.inputs.size(); ++i)
        sum = to_->add(l.type == "Add" ? "Add" : "Mul", i + 1 < l.inputs.size() ? l.name + "/part" : l.name,
                       {sum, l.inputs[i]});
      return sum;
    }
    if (l.type == "Concatenate") return concatenated(l);
    if (l.type == "Softmax") return activation(l, ActivationFunction::softmax, x, l.name);
    if (l.type == "Activation") return activated(l, x);
    if (l.type == "ReLU") return rectified(l, x);
    if (l.type == "LeakyReLU")
      return to_->add("LeakyRelu", l.name, {x}, {OnnxSetting::of("alpha", c.get("negative_slope", 0.3))});
    if (l.type == "ELU") return to_->add("Elu", l.name, {x}, {OnnxSetting::of("alpha", c.get("alpha", 1.0))});
    brindle::detail::raise<ValueError>("save_onnx: " + l.who() +
                                       " cannot be written: there is no operator for layers of this type");
  }

  /// The value with the channels of pictures in front, or last again.
  std::string channels_first(const std::string& x) {
    return to_->add("Transpose", x + "/channels_first", {x},
                    {OnnxSetting::of("perm", std::vector<std::int64_t>{0, 3, 1, 2})});
  }
  std::string channels_last(const std::string& x) {
    return to_->add("Transpose", x + "/channels_last", {x},
                    {OnnxSetting::of("perm", std::vector<std::int64_t>{0, 2, 3, 1})});
  }

 private:
  static std::int64_t channels(const Shape& x) { return x.back(); }

  std::string scalar(const std::string& name, double value) {
    return to_->add_floats(name, {}, {static_cast<float>(value)});
  }

  std::string vector(const std::string& name, const Tensor<float>& values) {
    return to_->add_floats(name, {values.size()}, std::vector<float>(values.data(), values.data() + values.size()));
  }

  // A kernel (KH, KW, CI, CO) as (CO, CI, KH, KW); of a depthwise one CI and CO are both the output channels.
  std::string kernel(const std::string& name, const Tensor<float>& k, bool depthwise) {
    const Shape& s = k.shape();
    const std::int64_t area = s[0] * s[1], from = depthwise ? 1 : s[2], to = k.size() / area / from;
    std::vector<float> turned(static_cast<std::size_t>(k.size()));
    for (std::int64_t o = 0; o < to; ++o)
      for (std::int64_t i = 0; i < from; ++i)
        for (std::int64_t a = 0; a < area; ++a)
          turned[static_cast<std::size_t>((o * from + i) * area + a)] = k[(a * from + i) * to + o];
    return to_->add_floats(name, {to, from, s[0], s[1]}, std::move(turned));
  }

  static std::vector<std::int64_t> pair(const Size2& s) { return {s.h, s.w}; }

  // Zeros in front of both axes, then behind them.
  static std::vector<std::int64_t> pads(const Shape& x, const Size2& window, const Size2& stride,
                                        const Conv2DPadding& p) {
    if (p.given) return {p.zeros.top, p.zeros.left, p.zeros.bottom, p.zeros.right};
    if (p.rule == Padding::valid) return {0, 0, 0, 0};
    const auto rows = ops::WindowAxis::rows(x[0], window.h, stride.h, p);
    const auto columns = ops::WindowAxis::columns(x[1], window.w, stride.w, p);
    const auto behind = [](std::int64_t in, const ops::WindowAxis& axis, std::int64_t size, std::int64_t step) {
      return std::max<std::int64_t>((axis.out - 1) * step + size - in - axis.before, 0);
    };
    return {rows.before, columns.before, behind(x[0], rows, window.h, stride.h),
            behind(x[1], columns, window.w, stride.w)};
  }

  // groups: of a Conv2D as its settings have it.
  std::string convolved(const OnnxSource& l, const std::string& x, const Tensor<float>& weights, std::int64_t groups) {
    const Config& c = l.config;
    const bool depthwise = l.type != "Conv2D", last = l.type != "SeparableConv2D";
    const Size2 size{weights.shape()[0], weights.shape()[1]}, dilation = c.get("dilation_rate", Size2(1)),
                                                              stride = c.get("strides", Size2(1));
    const Size2 covered{(size.h - 1) * dilation.h + 1, (size.w - 1) * dilation.w + 1};
    const std::string name = last ? unactivated(l) : l.name + "/depthwise";
    std::vector<std::string> inputs{x, kernel(l.name + (last ? "/kernel" : "/depthwise_kernel"), weights, depthwise)};
    if (last && c.get("use_bias", true)) inputs.push_back(vector(l.name + "/bias", l.parameters[1]));
    return to_->add("Conv", name, inputs,
                    {OnnxSetting::of("kernel_shape", pair(size)), OnnxSetting::of("strides", pair(stride)),
                     OnnxSetting::of("dilations", pair(dilation)),
                     OnnxSetting::of("pads", pads(l.x[0], covered, stride, brindle::detail::conv2d_padding(c))),
                     OnnxSetting::of("group", depthwise ? groups : c.get("groups", std::int64_t{1}))});
  }

  // The second half of a SeparableConv2D.
  std::string pointwise(const OnnxSource& l, const std::string& x) {
    std::vector<std::string> inputs{x, kernel(l.name + "/pointwise_kernel", l.parameters[1], false)};
    if (l.config.get("use_bias", true)) inputs.push_back(vector(l.name + "/bias", l.parameters[2]));
    return to_->add("Conv", unactivated(l), inputs, {OnnxSetting::of("kernel_shape", std::vector<std::int64_t>{1, 1})});
  }

  std::string dense(const OnnxSource& l, const std::string& x) {
    const Tensor<float>& k = l.parameters[0];
    const bool biased = l.config.get("use_bias", true);
    const std::vector<std::int64_t> sizes{k.shape()[0], k.shape()[1]};
    if (l.x[0].rank() == 3) {  // the same for each pixel: a convolution by one
      std::vector<float> turned(static_cast<std::size_t>(k.size()));
      for (std::int64_t i = 0; i < sizes[0]; ++i)
        for (std::int64_t o = 0; o < sizes[1]; ++o)
          turned[static_cast<std::size_t>(o * sizes[0] + i)] = k[i * sizes[1] + o];
      std::vector<std::string> inputs{
          x, to_->add_floats(l.name + "/kernel", {sizes[1], sizes[0], 1, 1}, std::move(turned))};
      if (biased) inputs.push_back(vector(l.name + "/bias", l.parameters[1]));
      return to_->add("Conv", unactivated(l), inputs);
    }
    std::vector<std::string> inputs{
        x, to_->add_floats(l.name + "/kernel", sizes, std::vector<float>(k.data(), k.data() + k.size()))};
    if (l.x[0].rank() == 1) {
      if (biased) inputs.push_back(vector(l.name + "/bias", l.parameters[1]));
      return to_->add("Gemm", unactivated(l), inputs);
    }
    const std::string product = to_->add("MatMul", biased ? l.name + "/product" : unactivated(l), inputs);
    if (!biased) return product;
    return to_->add("Add", unactivated(l), {product, vector(l.name + "/bias", l.parameters[1])});
  }

  std::string batch_normalized(const OnnxSource& l, const std::string& x) {
    if (l.x[0].rank() != 1 && l.x[0].rank() != 3)
      brindle::detail::raise<ValueError>("save_onnx: " + l.who() + " of samples " + to_string_batch(l.x[0]) +
                                         " cannot be written, expected pictures or rows of features");
    const bool scale = l.config.get("scale", true), center = l.config.get("center", true);
    const std::size_t rest = l.parameters.size() - 2;
    const auto constant = [&](const char* name, float value) {
      return to_->add_floats(l.name + name, {channels(l.x[0])},
                             std::vector<float>(static_cast<std::size_t>(channels(l.x[0])), value));
    };
    return to_->add("BatchNormalization", l.name,
                    {x, scale ? vector(l.name + "/gamma", l.parameters[0]) : constant("/gamma", 1),
                     center ? vector(l.name + "/beta", l.parameters[scale ? 1 : 0]) : constant("/beta", 0),
                     vector(l.name + "/moving_mean", l.parameters[rest]),
                     vector(l.name + "/moving_variance", l.parameters[rest + 1])},
                    {OnnxSetting::of("epsilon", l.config.get("epsilon", 1e-3)),
                     OnnxSetting::of("momentum", l.config.get("momentum", 0.99))});
  }

  std::string layer_normalized(const OnnxSource& l, const std::string& x) {
    const bool scale = l.config.get("scale", true), center = l.config.get("center", true),
               pictures = l.x[0].rank() == 3;
    const auto size = static_cast<std::size_t>(channels(l.x[0]));
    std::vector<std::string> inputs{
        pictures ? channels_last(x) : x,
        scale ? vector(l.name + "/gamma", l.parameters[0])
              : to_->add_floats(l.name + "/gamma", {channels(l.x[0])}, std::vector<float>(size, 1))};
    if (center) inputs.push_back(vector(l.name + "/beta", l.parameters.back()));
    const std::string y = to_->add(
        "LayerNormalization", l.name, inputs,
        {OnnxSetting::of("axis", std::int64_t{-1}), OnnxSetting::of("epsilon", l.config.get("epsilon", 1e-3))});
    return pictures ? channels_first(y) : y;
  }

  std::string pooled(const OnnxSource& l, const std::string& x) {
    const Config& c = l.config;
    const bool largest = l.type == "MaxPooling2D";
    const Size2 size = c.get("pool_size", Size2(2)), given = c.get("strides", Size2(0));
    const Size2 stride{given.h == 0 ? size.h : given.h, given.w == 0 ? size.w : given.w};
    const Padding rule = c.get("padding", "valid") == "same" ? Padding::same : Padding::valid;
    std::vector<OnnxSetting> settings{OnnxSetting::of("kernel_shape", pair(size)),
                                      OnnxSetting::of("strides", pair(stride)),
                                      OnnxSetting::of("pads", pads(l.x[0], size, stride, rule))};
    if (!largest) settings.push_back(OnnxSetting::of("count_include_pad", std::int64_t{0}));
    return to_->add(largest ? "MaxPool" : "AveragePool", l.name, {x}, settings);
  }

  std::string padded(const OnnxSource& l, const std::string& x) {
    const auto border = brindle::detail::border_of(l.config, "((top, bottom), (left, right))");
    const Size2 both = border ? Size2(0) : l.config.get("padding", Size2(1));
    const Border b = border.value_or(Border(both.h, both.w));
    return to_->add("Pad", l.name,
                    {x, to_->add_integers(l.name + "/pads", {0, 0, b.top, b.left, 0, 0, b.bottom, b.right})});
  }

  // Elements keep the order in which a sample of ours has them: pictures have the channels last for that.
  std::string reshaped(const OnnxSource& l, const std::string& x) {
    const auto turned = [](const Shape& s) { return s.rank() == 3 && s[0] * s[1] > 1 && s[2] > 1; };
    const std::string rows = turned(l.x[0]) ? channels_last(x) : x;
    if (l.y.rank() == 1) return to_->add("Flatten", l.name, {rows});
    const bool back = turned(l.y);
    std::vector<std::int64_t> sizes{0};  // the number of samples stays
    if (l.y.rank() == 3 && !back)
      sizes.insert(sizes.end(), {l.y[2], l.y[0], l.y[1]});
    else
      sizes.insert(sizes.end(), l.y.begin(), l.y.end());
    const std::string y =
        to_->add("Reshape", back ? l.name + "/reshape" : l.name, {rows, to_->add_integers(l.name + "/shape", sizes)});
    return back ? channels_first(y) : y;
  }

  // One number for all channels, or one for each.
  std::string by_channel(const OnnxSource& l, const char* op, const std::string& x, const char* what,
                         const std::vector<double>& numbers) {
    const bool pictures = l.x[0].rank() == 3 && numbers.size() > 1;
    const auto count = static_cast<std::int64_t>(numbers.size());
    const std::vector<std::int64_t> sizes = pictures ? std::vector<std::int64_t>{count, 1, 1} : std::vector{count};
    const bool first = std::string(op) == "Sub" || (std::string(op) == "Mul" && l.type == "Rescaling");
    return to_->add(
        op, first ? l.name + "/" + what : l.name,
        {x, to_->add_floats(l.name + "/" + what, sizes, std::vector<float>(numbers.begin(), numbers.end()))});
  }

  std::string concatenated(const OnnxSource& l) {
    const int rank = l.y.rank();
    const auto given = static_cast<int>(l.config.get("axis", std::int64_t{-1}));
    const int axis = given < 0 ? given + rank : given - 1;  // of a sample
    const std::int64_t written = rank != 3 ? axis + 1 : axis == 2 ? 1 : axis + 2;
    return to_->add("Concat", l.name, l.inputs, {OnnxSetting::of("axis", written)});
  }

  std::string rectified(const OnnxSource& l, const std::string& x) {
    const double highest = l.config.get("max_value", std::numeric_limits<double>::infinity()),
                 slope = l.config.get("negative_slope", 0.0), threshold = l.config.get("threshold", 0.0);
    if (threshold != 0 || (slope != 0 && std::isfinite(highest)))
      brindle::detail::raise<ValueError>("save_onnx: " + l.who() +
                                         " cannot be written: ONNX has no operator for a threshold, nor for a slope "
                                         "together with a largest value");
    if (slope != 0) return to_->add("LeakyRelu", l.name, {x}, {OnnxSetting::of("alpha", slope)});
    return std::isfinite(highest) ? clipped(l, x, l.name, highest) : to_->add("Relu", l.name, {x});
  }

  std::string clipped(const OnnxSource& l, const std::string& x, const std::string& name, double highest) {
    return to_->add("Clip", name, {x, scalar(l.name + "/min", 0), scalar(l.name + "/max", highest)});
  }

  static ActivationFunction function_of(const OnnxSource& l) {
    return activation_function(l.config.get("activation", "linear"));
  }

  // The name of a layer's node in front of its activation's.
  static std::string unactivated(const OnnxSource& l) {
    return function_of(l) == ActivationFunction::linear ? l.name : l.name + "/linear";
  }

  std::string activated(const OnnxSource& l, const std::string& x) { return activation(l, function_of(l), x, l.name); }

  std::string activation(const OnnxSource& l, ActivationFunction f, const std::string& x, const std::string& name) {
    const auto part = [&](const char* what) { return name + "/" + what; };
    switch (f) {
      case ActivationFunction::linear:
        return x;
      case ActivationFunction::relu:
        return to_->add("Relu", name, {x});
      case ActivationFunction::relu6:
        return clipped(l, x, name, 6);
      case ActivationFunction::sigmoid:
        return to_->add("Sigmoid", name, {x});
      case ActivationFunction::leaky_relu:
        return to_->add("LeakyRelu", name, {x}, {OnnxSetting::of("alpha", 0.2)});
      case ActivationFunction::elu:
        return to_->add("Elu", name, {x}, {OnnxSetting::of("alpha", 1.0)});
      case ActivationFunction::silu:
        return to_->add("Mul", name, {x, to_->add("Sigmoid", part("sigmoid"), {x})});
      case ActivationFunction::hard_silu:
        return to_->add("HardSwish", name, {x});
      case ActivationFunction::hard_sigmoid:
        return to_->add("HardSigmoid", name, {x}, {OnnxSetting::of("alpha", 1.0 / 6), OnnxSetting::of("beta", 0.5)});
      case ActivationFunction::gelu: {  // an operator of its own since opset 20
        const std::string scaled = to_->add("Div", part("scaled"), {x, scalar(part("sqrt2"), std::sqrt(2.0))});
        const std::string erf = to_->add("Erf", part("erf"), {scaled});
        const std::string sum = to_->add("Add", part("sum"), {erf, scalar(part("one"), 1)});
        return to_->add("Mul", name, {to_->add("Mul", part("product"), {x, sum}), scalar(part("half"), 0.5)});
      }
      case ActivationFunction::tanh:
        return to_->add("Tanh", name, {x});
      case ActivationFunction::softplus:
        return to_->add("Softplus", name, {x});
      case ActivationFunction::softmax:
        // Over the channels, which pictures have in front here.
        return to_->add("Softmax", name, {x},
                        {OnnxSetting::of("axis", l.y.rank() == 3 ? std::int64_t{1} : std::int64_t{-1})});
    }
    return x;
  }

  OnnxGraphWriter* to_;
};

}  // namespace brindle::io::detail
