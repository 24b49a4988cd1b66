// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what squeezenet1_1.hpp declares.
#include <cstdint>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/models/base.hpp"
#include "brindle/models/squeezenet1_1.hpp"
#include "brindle/nn/nn.hpp"

namespace brindle::models {

template <class T, class Device>
requires requires { Device::name; }
Model<T, Device> squeezenet1_1(const Device& on, const Shape& input, const SqueezeNet1_1Options& options) {
  detail::check_base("squeezenet1_1", input, options.classes);
  struct Row {
    int number;                    // of the module in "features"
    std::int64_t squeeze, expand;  // filters; expand: of 1x1 and of 3x3 convolutions each
    bool pool;                     // behind the module, as the module of the next number
  };
  constexpr Row rows[] = {{3, 16, 64, false},  {4, 16, 64, true},    {6, 32, 128, false},  {7, 32, 128, true},
                          {9, 48, 192, false}, {10, 48, 192, false}, {11, 64, 256, false}, {12, 64, 256, false}};

  const auto conv = [](std::int64_t filters, std::int64_t kernel, const std::string& name) {
    return Conv2D{.filters = filters, .kernel = kernel, .activation = relu, .padding = Padding::same, .name = name};
  };
  // Windows of 3 by steps of 2: of an even picture the last one stands out by a row of zeros, which nothing behind a
  // relu is smaller than.
  const auto pool = [](auto x, int number) {
    const std::string name = "features." + std::to_string(number);
    const std::int64_t below = 1 - x.shape()[0] % 2, right = 1 - x.shape()[1] % 2;
    if (below + right > 0) x = x.then(ZeroPadding2D{.padding = {{0, below}, {0, right}}, .name = name + ".pad"});
    return x.then(MaxPooling2D{.pool_size = 3, .stride = 2, .name = name});
  };

  Model<T, Device> model(on, input, [&](auto x) {
    x = x.then(Conv2D{.filters = 64, .kernel = 3, .activation = relu, .stride = 2, .name = "features.0"});
    x = pool(x, 2);
    for (const Row& row : rows) {
      const std::string fire = "features." + std::to_string(row.number);
      x = x.then(conv(row.squeeze, 1, fire + ".squeeze"));
      x = decltype(x)::merge(
          {x.then(conv(row.expand, 1, fire + ".expand1x1")), x.then(conv(row.expand, 3, fire + ".expand3x3"))},
          Concatenate{.name = fire});
      if (row.pool) x = pool(x, row.number + 1);
    }
    if (!options.include_top) return x;
    return x.then(Dropout{.rate = options.dropout, .name = "classifier.0"}, conv(options.classes, 1, "classifier.1"),
                  GlobalAveragePooling2D{.name = "classifier.3"}, Activation{softmax, "predictions"});
  });
  model.set_name("squeezenet1_1");
  return model;
}

template <class T, class Device>
Model<T, Device> squeezenet1_1(const Shape& input, const SqueezeNet1_1Options& options) {
  return squeezenet1_1<T, Device>(Device{}, input, options);
}

}  // namespace brindle::models
