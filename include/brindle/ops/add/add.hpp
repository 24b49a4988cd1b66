// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct add;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// y = f(a + b), element by element.
///
///     a, b, y: any shape, the same; y may be the memory of a or b.
///
/// f: any activation but softmax, which throws a ValueError.
template <class T, class Device>
void add(const Device& on, In<T, Device> a, In<T, Device> b, Out<T, Device> y,
         ActivationFunction f = ActivationFunction::linear) {
  detail::expect_shape("add", "b", a.shape, b.shape);
  detail::expect_shape("add", "y", a.shape, y.shape);
  if (f == ActivationFunction::softmax)
    detail::raise<ValueError>(
        "add: expected an activation that works element by element, got softmax: apply ops::softmax");
  kernel::add<T, Device>::forward(on, a, b, y, f);
}

namespace reference {

template <class T>
void add(In<T, Cpu> a, In<T, Cpu> b, Out<T, Cpu> y) {
  for (std::int64_t i = 0; i < a.size(); ++i) y.data[i] = a.data[i] + b.data[i];
}

}  // namespace reference
}  // namespace brindle::ops
