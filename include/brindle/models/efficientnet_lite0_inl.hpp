// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what efficientnet_lite0.hpp declares.
#include <cstdint>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/models/base.hpp"
#include "brindle/models/efficientnet_lite0.hpp"
#include "brindle/nn/nn.hpp"

namespace brindle::models {

template <class T, class Device>
requires requires { Device::name; }
Model<T, Device> efficientnet_lite0(const Device& on, const Shape& input, const EfficientNetLite0Options& options) {
  detail::check_base("efficientnet_lite0", input, options.classes);
  const auto conv = [](std::int64_t filters, Size2 kernel, Size2 stride, const std::string& name) {
    return Conv2D{.filters = filters,
                  .kernel = kernel,
                  .stride = stride,
                  .padding = Padding::same,
                  .use_bias = false,
                  .name = name};
  };
  const auto norm = [](const std::string& name) { return BatchNormalization{.epsilon = 1e-3, .name = name}; };
  const auto relu6 = [](const std::string& name) { return ReLU{.max_value = 6, .name = name}; };

  Model<T, Device> model(on, input, [&](auto x) {
    x = x.then(conv(32, 3, 2, "stem_conv"), norm("stem_bn"), relu6("stem_activation"));
    for (int row = 0; row < 7; ++row) {
      const detail::EfficientNetRow& r = detail::efficientnet_lite0_rows[row];
      for (int i = 0; i < r.repeats; ++i) {
        const std::string block = detail::efficientnet_block(row, i);
        const std::int64_t stride = i == 0 ? r.stride : 1, in = x.shape().back();
        auto y = x;
        if (r.expand > 1)
          y = y.then(conv(in * r.expand, 1, 1, block + "_expand_conv"), norm(block + "_expand_bn"),
                     relu6(block + "_expand_activation"));
        y = y.then(DepthwiseConv2D{.kernel = r.kernel,
                                   .stride = stride,
                                   .padding = Padding::same,
                                   .use_bias = false,
                                   .name = block + "_dwconv"},
                   norm(block + "_bn"), relu6(block + "_activation"), conv(r.filters, 1, 1, block + "_project_conv"),
                   norm(block + "_project_bn"));
        x = stride == 1 && in == r.filters ? x + y : y;
      }
    }
    x = x.then(conv(1280, 1, 1, "top_conv"), norm("top_bn"), relu6("top_activation"),
               GlobalAveragePooling2D{.name = "avg_pool"});
    if (!options.include_top) return x;
    return x.then(Dropout{.rate = options.dropout, .name = "top_dropout"},
                  Dense{.units = options.classes, .activation = softmax, .name = "predictions"});
  });
  model.set_name("efficientnet_lite0");
  return model;
}

template <class T, class Device>
Model<T, Device> efficientnet_lite0(const Shape& input, const EfficientNetLite0Options& options) {
  return efficientnet_lite0<T, Device>(Device{}, input, options);
}

}  // namespace brindle::models
