// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what resnet.hpp declares.
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/models/base.hpp"
#include "brindle/models/resnet.hpp"
#include "brindle/models/resnet_table.hpp"
#include "brindle/nn/nn.hpp"

namespace brindle::models {

namespace detail {

template <class T, class Device>
Model<T, Device> resnet(const Device& on, const Shape& input, const ResNetTable& table) {
  check_base(table.name, input, table.classes);
  if (table.width < 1)
    brindle::detail::raise<ValueError>(table.name + ": width must be at least 1, got " + std::to_string(table.width));
  const bool keras = table.keras;
  const auto conv = [&](std::int64_t filters, std::int64_t kernel, std::int64_t stride, const std::string& name) {
    return Conv2D{.filters = filters,
                  .kernel = kernel,
                  .stride = stride,
                  .padding = Border(kernel == 3 ? 1 : 0),
                  .use_bias = keras,
                  .name = name};
  };
  const auto norm = [&](const std::string& name) {
    return BatchNormalization{.momentum = keras ? 0.99 : 0.9, .epsilon = keras ? 1.001e-5 : 1e-5, .name = name};
  };

  const auto block = [&](auto x, std::int64_t filters, std::int64_t stride, const std::string& name) {
    const std::int64_t out = table.bottleneck ? 4 * filters : filters;
    const bool projected = stride != 1 || x.shape().back() != out;
    const auto part = [&](auto y, int number, std::int64_t kernel, std::int64_t step) {
      return y.then(conv(filters, kernel, step, name + table.part("conv", number)),
                    norm(name + table.part("bn", number)), Activation{relu, name + table.part("relu", number)});
    };
    const int last = table.bottleneck ? 3 : 2;
    auto past = x, y = x;
    if (table.bottleneck)
      y = part(part(x, 1, 1, keras ? stride : 1), 2, 3, keras ? 1 : stride);
    else
      y = part(x, 1, 3, stride);
    // In the order in which Keras counts layers.
    if (projected) past = x.then(conv(out, 1, stride, name + table.part("conv", 0)));
    y = y.then(conv(out, table.bottleneck ? 1 : 3, 1, name + table.part("conv", last)));
    if (projected) past = past.then(norm(name + table.part("bn", 0)));
    y = y.then(norm(name + table.part("bn", last)));
    return decltype(x)::merge({past, y}, Add{name + "add"}).then(Activation{relu, name + (keras ? "out" : "relu")});
  };

  Model<T, Device> model(on, input, [&](auto x) {
    x = x.then(ZeroPadding2D{.padding = 3, .name = keras ? "conv1_pad" : "conv1.pad"},
               conv(table.width, 7, 2, keras ? "conv1_conv" : "conv1"), norm(keras ? "conv1_bn" : "bn1"),
               Activation{relu, keras ? "conv1_relu" : "relu"},
               // Zeros are what nothing behind a relu is smaller than.
               ZeroPadding2D{.padding = 1, .name = keras ? "pool1_pad" : "maxpool.pad"},
               MaxPooling2D{.pool_size = 3, .stride = 2, .name = keras ? "pool1_pool" : "maxpool"});
    for (int stage = 0; stage < 4; ++stage)
      for (int number = 0; number < table.blocks[static_cast<std::size_t>(stage)]; ++number)
        x = block(x, table.width << stage, stage > 0 && number == 0 ? 2 : 1, table.block(stage, number));
    if (!table.include_top) return x;
    return x.then(GlobalAveragePooling2D{.name = keras ? "avg_pool" : "avgpool"},
                  Dense{.units = table.classes, .activation = softmax, .name = keras ? "predictions" : "fc"});
  });
  model.set_name(table.name);
  return model;
}

}  // namespace detail

template <class T, class Device>
requires requires { Device::name; }
Model<T, Device> resnet50(const Device& on, const Shape& input, const ResNet50Options& o) {
  return detail::resnet<T, Device>(
      on, input,
      {"resnet50", true, {3, 4, 6, 3}, o.variant == ResNetVariant::keras, o.width, o.classes, o.include_top});
}

template <class T, class Device>
Model<T, Device> resnet50(const Shape& input, const ResNet50Options& options) {
  return resnet50<T, Device>(Device{}, input, options);
}

template <class T, class Device>
requires requires { Device::name; }
Model<T, Device> resnet18(const Device& on, const Shape& input, const ResNet18Options& o) {
  return detail::resnet<T, Device>(on, input,
                                   {"resnet18", false, {2, 2, 2, 2}, false, o.width, o.classes, o.include_top});
}

template <class T, class Device>
Model<T, Device> resnet18(const Shape& input, const ResNet18Options& options) {
  return resnet18<T, Device>(Device{}, input, options);
}

}  // namespace brindle::models
