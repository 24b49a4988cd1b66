// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what value.hpp declares.
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/nn/add_inl.hpp"
#include "brindle/nn/concatenate_inl.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/multiply_inl.hpp"
#include "brindle/nn/value.hpp"

namespace brindle {

template <class T, class Device>
Value<T, Device> Value<T, Device>::sum(const Value& a, const Value& b) {
  return merge({a, b}, Add{});
}

template <class T, class Device>
Value<T, Device> Value<T, Device>::product(const Value& a, const Value& b) {
  return merge({a, b}, Multiply{});
}

template <class T, class Device>
Value<T, Device> Value<T, Device>::joined(const std::vector<Value>& values) {
  return merge(values, Concatenate{});
}

}  // namespace brindle
