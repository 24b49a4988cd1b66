// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::detail {

/// Settings of a layer, one number or one for each channel, where its ops read them.
template <class T, class Device>
Tensor<T, Device> channel_numbers(const std::vector<double>& numbers) {
  Tensor<T> values({static_cast<std::int64_t>(numbers.size())});
  for (std::size_t i = 0; i < numbers.size(); ++i) values[static_cast<std::int64_t>(i)] = static_cast<T>(numbers[i]);
  if constexpr (std::is_same_v<Device, Cpu>)
    return values;
  else
    return values.template to<Device>();
}

/// Throws ShapeError, beginning with the layer, unless there is one number, or one for each channel of samples x.
inline void expect_numbers_of_channels(const std::string& who, const char* setting, const std::vector<double>& numbers,
                                       const Shape& x) {
  const auto count = static_cast<std::int64_t>(numbers.size());
  if (x.rank() < 1 || (count != 1 && count != x.back()))
    raise<ShapeError>(who + ": expected one number as " + setting + ", or one for each channel of " +
                      to_string_batch(x) + ", got " + std::to_string(count));
}

/// What Normalization multiplies by for these variances.
inline std::vector<double> normalization_factors(const std::vector<double>& variance) {
  constexpr double epsilon = 1e-7;  // keras.config.epsilon()
  std::vector<double> all;
  for (const double v : variance) all.push_back(1 / std::max(std::sqrt(v), epsilon));
  return all;
}

}  // namespace brindle::detail
