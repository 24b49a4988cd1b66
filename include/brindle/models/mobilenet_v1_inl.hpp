// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what mobilenet_v1.hpp declares.
#include <cstdint>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/models/base.hpp"
#include "brindle/models/mobilenet_v1.hpp"
#include "brindle/nn/nn.hpp"

namespace brindle::models {

template <class T, class Device>
requires requires { Device::name; }
Model<T, Device> mobilenet_v1(const Device& on, const Shape& input, const MobileNetV1Options& options) {
  detail::check_base("mobilenet_v1", input, options.classes);
  struct Row {
    std::int64_t stride, filters;  // of the depthwise and of the 1x1 convolution
  };
  constexpr Row rows[] = {{1, 64},  {2, 128}, {1, 128}, {2, 256}, {1, 256},  {2, 512}, {1, 512},
                          {1, 512}, {1, 512}, {1, 512}, {1, 512}, {2, 1024}, {1, 1024}};

  const auto conv = [&](std::int64_t filters, std::int64_t kernel, std::int64_t stride, const std::string& name) {
    return Conv2D{.filters = detail::scaled_filters("mobilenet_v1", filters, options.alpha),
                  .kernel = kernel,
                  .stride = stride,
                  .padding = Padding::same,
                  .use_bias = false,
                  .name = name};
  };
  const auto norm = [](const std::string& name) { return BatchNormalization{.name = name + "_bn"}; };
  const auto relu6 = [](const std::string& name) { return ReLU{.max_value = 6, .name = name + "_relu"}; };

  Model<T, Device> model(on, input, [&](auto x) {
    x = x.then(conv(32, 3, 2, "conv1"), norm("conv1"), relu6("conv1"));
    int number = 0;
    for (const Row& row : rows) {
      const std::string block = std::to_string(++number), dw = "conv_dw_" + block, pw = "conv_pw_" + block;
      // Where it halves the picture, zeros stand below and to the right alone, also of an odd one.
      if (row.stride == 2) x = x.then(ZeroPadding2D{.padding = {{0, 1}, {0, 1}}, .name = "conv_pad_" + block});
      x = x.then(DepthwiseConv2D{.kernel = 3,
                                 .stride = row.stride,
                                 .padding = row.stride == 2 ? Padding::valid : Padding::same,
                                 .use_bias = false,
                                 .name = dw},
                 norm(dw), relu6(dw), conv(row.filters, 1, 1, pw), norm(pw), relu6(pw));
    }
    if (!options.include_top) return x;
    return x.then(GlobalAveragePooling2D{.keepdims = true, .name = "global_average_pooling2d"},
                  Dropout{.rate = options.dropout, .name = "dropout"},
                  Conv2D{.filters = options.classes, .kernel = 1, .name = "conv_preds"},
                  Reshape{.target_shape = {options.classes}, .name = "reshape_2"}, Activation{softmax, "predictions"});
  });
  model.set_name("mobilenet_v1");
  return model;
}

template <class T, class Device>
Model<T, Device> mobilenet_v1(const Shape& input, const MobileNetV1Options& options) {
  return mobilenet_v1<T, Device>(Device{}, input, options);
}

}  // namespace brindle::models
