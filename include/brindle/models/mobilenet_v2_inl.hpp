// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what mobilenet_v2.hpp declares.
#include <algorithm>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/models/base.hpp"
#include "brindle/models/mobilenet_v2.hpp"
#include "brindle/nn/nn.hpp"

namespace brindle::models {

namespace detail {

/// The multiple of 8 next to a number of filters, at least 8, and not more than a tenth below it.
BRINDLE_INLINE std::int64_t divisible_by_8(double filters) {
  const std::int64_t rounded = std::max<std::int64_t>(8, static_cast<std::int64_t>(filters + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * filters ? rounded + 8 : rounded;
}

/// The names of the layers of block `number`, from 0; expand: whether it begins with a convolution that widens.
struct MobileNetV2Names {
  std::string expand, expand_norm, expand_relu, pad, depthwise, depthwise_norm, depthwise_relu, project, project_norm,
      add;

  MobileNetV2Names(bool keras, int number, bool expands) {
    const std::string own = keras ? number == 0 ? "expanded_conv_" : "block_" + std::to_string(number) + "_"
                                  : "features." + std::to_string(number + 1) + ".";
    pad = own + "pad";  // Keras's alone
    add = own + "add";
    const std::string part = own + "conv.", deep = part + (expands ? "1." : "0.");
    expand = keras ? own + "expand" : part + "0.0";
    expand_norm = keras ? own + "expand_BN" : part + "0.1";
    expand_relu = keras ? own + "expand_relu" : part + "0.2";
    depthwise = keras ? own + "depthwise" : deep + "0";
    depthwise_norm = keras ? own + "depthwise_BN" : deep + "1";
    depthwise_relu = keras ? own + "depthwise_relu" : deep + "2";
    project = keras ? own + "project" : part + (expands ? "2" : "1");
    project_norm = keras ? own + "project_BN" : part + (expands ? "3" : "2");
  }
};

}  // namespace detail

template <class T, class Device>
requires requires { Device::name; }
Model<T, Device> mobilenet_v2(const Device& on, const Shape& input, const MobileNetV2Options& options) {
  detail::check_base("mobilenet_v2", input, options.classes);
  if (!(options.alpha > 0 && options.alpha <= 100))
    brindle::detail::raise<ValueError>("mobilenet_v2: alpha must be above 0 and at most 100, got " +
                                       brindle::detail::number_text(options.alpha));
  struct Row {
    std::int64_t expand, filters;
    int repeats;
    std::int64_t stride;  // of the first block
  };
  constexpr Row rows[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                          {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

  const bool keras = options.variant == MobileNetV2Variant::keras;
  const auto conv = [&](std::int64_t filters, std::int64_t kernel, std::int64_t stride, const std::string& name) {
    return Conv2D{.filters = filters,
                  .kernel = kernel,
                  .stride = stride,
                  .padding = keras ? Conv2DPadding(Padding::same) : Conv2DPadding(Border(kernel / 2)),
                  .use_bias = false,
                  .name = name};
  };
  const auto norm = [&](const std::string& name) {
    return BatchNormalization{.momentum = keras ? 0.999 : 0.9, .epsilon = keras ? 1e-3 : 1e-5, .name = name};
  };
  const auto relu6 = [](const std::string& name) { return ReLU{.max_value = 6, .name = name}; };

  const auto block = [&](auto x, const Row& row, std::int64_t stride, int number) {
    const detail::MobileNetV2Names n(keras, number, row.expand > 1);
    const std::int64_t in = x.shape().back(), rows_before = x.shape()[0] % 2, columns_before = x.shape()[1] % 2;
    // Keras cuts alpha times the filters down before it rounds them.
    const double wide = static_cast<double>(row.filters) * options.alpha;
    const std::int64_t filters =
        detail::divisible_by_8(keras ? static_cast<double>(static_cast<std::int64_t>(wide)) : wide);
    auto y = x;
    if (row.expand > 1) y = y.then(conv(in * row.expand, 1, 1, n.expand), norm(n.expand_norm), relu6(n.expand_relu));
    if (keras && stride == 2)
      y = y.then(ZeroPadding2D{.padding = {{rows_before, 1}, {columns_before, 1}}, .name = n.pad});
    y = y.then(DepthwiseConv2D{.kernel = 3,
                               .stride = stride,
                               .padding = !keras        ? Conv2DPadding(Border(1))
                                          : stride == 2 ? Conv2DPadding(Padding::valid)
                                                        : Conv2DPadding(Padding::same),
                               .use_bias = false,
                               .name = n.depthwise},
               norm(n.depthwise_norm), relu6(n.depthwise_relu), conv(filters, 1, 1, n.project), norm(n.project_norm));
    return stride == 1 && in == filters ? decltype(x)::merge({x, y}, Add{n.add}) : y;
  };

  Model<T, Device> model(on, input, [&](auto x) {
    x = x.then(conv(detail::divisible_by_8(32 * options.alpha), 3, 2, keras ? "Conv1" : "features.0.0"),
               norm(keras ? "bn_Conv1" : "features.0.1"), relu6(keras ? "Conv1_relu" : "features.0.2"));
    int number = 0;
    for (const Row& row : rows)
      for (int i = 0; i < row.repeats; ++i, ++number) x = block(x, row, i == 0 ? row.stride : 1, number);
    x = x.then(conv(options.alpha > 1 ? detail::divisible_by_8(1280 * options.alpha) : 1280, 1, 1,
                    keras ? "Conv_1" : "features.18.0"),
               norm(keras ? "Conv_1_bn" : "features.18.1"), relu6(keras ? "out_relu" : "features.18.2"));
    if (!options.include_top) return x;
    x = x.then(GlobalAveragePooling2D{.name = keras ? "global_average_pooling2d" : "avgpool"});
    if (!keras) x = x.then(Dropout{.rate = 0.2, .name = "classifier.0"});
    return x.then(
        Dense{.units = options.classes, .activation = softmax, .name = keras ? "predictions" : "classifier.1"});
  });
  model.set_name("mobilenet_v2");
  return model;
}

template <class T, class Device>
Model<T, Device> mobilenet_v2(const Shape& input, const MobileNetV2Options& options) {
  return mobilenet_v2<T, Device>(Device{}, input, options);
}

}  // namespace brindle::models
