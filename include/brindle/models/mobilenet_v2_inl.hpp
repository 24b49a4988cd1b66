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

  const auto conv = [](std::int64_t filters, std::int64_t kernel, std::int64_t stride, const std::string& name) {
    return Conv2D{.filters = filters,
                  .kernel = kernel,
                  .stride = stride,
                  .padding = Padding::same,
                  .use_bias = false,
                  .name = name};
  };
  const auto norm = [](const std::string& name) { return BatchNormalization{.momentum = 0.999, .name = name}; };
  const auto relu6 = [](const std::string& name) { return ReLU{.max_value = 6, .name = name}; };

  const auto block = [&](auto x, const Row& row, std::int64_t stride, const std::string& name) {
    const std::int64_t in = x.shape().back(), rows_before = x.shape()[0] % 2, columns_before = x.shape()[1] % 2;
    // Keras cuts alpha times the filters down before it rounds them.
    const std::int64_t filters = detail::divisible_by_8(
        static_cast<double>(static_cast<std::int64_t>(static_cast<double>(row.filters) * options.alpha)));
    auto y = x;
    if (row.expand > 1)
      y = y.then(conv(in * row.expand, 1, 1, name + "expand"), norm(name + "expand_BN"), relu6(name + "expand_relu"));
    if (stride == 2)
      y = y.then(ZeroPadding2D{.padding = {{rows_before, 1}, {columns_before, 1}}, .name = name + "pad"});
    y = y.then(DepthwiseConv2D{.kernel = 3,
                               .stride = stride,
                               .padding = stride == 2 ? Padding::valid : Padding::same,
                               .use_bias = false,
                               .name = name + "depthwise"},
               norm(name + "depthwise_BN"), relu6(name + "depthwise_relu"), conv(filters, 1, 1, name + "project"),
               norm(name + "project_BN"));
    return stride == 1 && in == filters ? decltype(x)::merge({x, y}, Add{name + "add"}) : y;
  };

  Model<T, Device> model(on, input, [&](auto x) {
    x = x.then(conv(detail::divisible_by_8(32 * options.alpha), 3, 2, "Conv1"), norm("bn_Conv1"), relu6("Conv1_relu"));
    int number = 0;
    for (const Row& row : rows)
      for (int i = 0; i < row.repeats; ++i, ++number)
        x = block(x, row, i == 0 ? row.stride : 1,
                  number == 0 ? "expanded_conv_" : "block_" + std::to_string(number) + "_");
    x = x.then(conv(options.alpha > 1 ? detail::divisible_by_8(1280 * options.alpha) : 1280, 1, 1, "Conv_1"),
               norm("Conv_1_bn"), relu6("out_relu"));
    if (!options.include_top) return x;
    return x.then(GlobalAveragePooling2D{.name = "global_average_pooling2d"},
                  Dense{.units = options.classes, .activation = softmax, .name = "predictions"});
  });
  model.set_name("mobilenet_v2");
  return model;
}

template <class T, class Device>
Model<T, Device> mobilenet_v2(const Shape& input, const MobileNetV2Options& options) {
  return mobilenet_v2<T, Device>(Device{}, input, options);
}

}  // namespace brindle::models
