// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/error.hpp"

// The activations that work element by element, as ACTIVATION(name, functor): by Keras's names, each with what computes
// it, which stands in ops/activation/<name>.hpp. All that the library knows of them is made from this list: a new
// activation is such a file, a line in this list, and an #include in ops/activation/functions.hpp.

// clang-format off
#define BRINDLE_ACTIVATIONS(ACTIVATION) \
  ACTIVATION(linear, Linear) \
  ACTIVATION(relu, Relu) \
  ACTIVATION(sigmoid, Sigmoid) \
  ACTIVATION(relu6, Relu6) \
  ACTIVATION(leaky_relu, LeakyRelu) \
  ACTIVATION(elu, Elu) \
  ACTIVATION(silu, Silu) \
  ACTIVATION(hard_silu, HardSilu) \
  ACTIVATION(hard_sigmoid, HardSigmoid) \
  ACTIVATION(gelu, Gelu) \
  ACTIVATION(tanh, Tanh) \
  ACTIVATION(softplus, Softplus)
// clang-format on

namespace brindle {

/// What a layer does to its output, by Keras's names. Ops that take one apply it after the bias, in the same pass.
enum class ActivationFunction {
#define BRINDLE_ENUMERATOR(name, functor) name,
  BRINDLE_ACTIVATIONS(BRINDLE_ENUMERATOR)
#undef BRINDLE_ENUMERATOR
      softmax  // of a row, not of an element
};

// tanh has no constant: beside C's tanh() it could not be named where `using namespace brindle` stands. Write
// ActivationFunction::tanh.
inline constexpr ActivationFunction linear = ActivationFunction::linear;    ///< x
inline constexpr ActivationFunction relu = ActivationFunction::relu;        ///< max(x, 0)
inline constexpr ActivationFunction sigmoid = ActivationFunction::sigmoid;  ///< 1 / (1 + exp(-x))
inline constexpr ActivationFunction softmax = ActivationFunction::softmax;  ///< exp(x) / sum of exp(x), last axis
inline constexpr ActivationFunction relu6 = ActivationFunction::relu6;      ///< min(max(x, 0), 6)
/// x, and 0.2 x below 0.
inline constexpr ActivationFunction leaky_relu = ActivationFunction::leaky_relu;
inline constexpr ActivationFunction elu = ActivationFunction::elu;    ///< x, and exp(x) - 1 below 0
inline constexpr ActivationFunction silu = ActivationFunction::silu;  ///< x sigmoid(x); Keras's swish as well
/// x relu6(x + 3) / 6; Keras's hard_swish as well.
inline constexpr ActivationFunction hard_silu = ActivationFunction::hard_silu;
/// relu6(x + 3) / 6, as in Keras 3; Keras 2 had 0.2 x + 0.5 between 0 and 1.
inline constexpr ActivationFunction hard_sigmoid = ActivationFunction::hard_sigmoid;
/// x (1 + erf(x / sqrt(2))) / 2; not the approximation with tanh.
inline constexpr ActivationFunction gelu = ActivationFunction::gelu;
inline constexpr ActivationFunction softplus = ActivationFunction::softplus;  ///< log(1 + exp(x))

namespace detail {

/// Keras's name.
constexpr const char* activation_name(ActivationFunction f) {
  switch (f) {
#define BRINDLE_NAME(name, functor) \
  case ActivationFunction::name:    \
    return #name;
    BRINDLE_ACTIVATIONS(BRINDLE_NAME)
#undef BRINDLE_NAME
    case ActivationFunction::softmax:
      break;
  }
  return "softmax";
}

}  // namespace detail

/// Keras's name, as written above.
inline std::string to_string(ActivationFunction f) { return detail::activation_name(f); }

/// By Keras's name, or one of its other names: swish, hard_swish. Throws ValueError for a name that is not known.
inline ActivationFunction activation_function(const std::string& name) {
  std::string names;
  for (int i = 0; i <= static_cast<int>(ActivationFunction::softmax); ++i) {
    const auto f = static_cast<ActivationFunction>(i);
    if (to_string(f) == name) return f;
    names += (f == ActivationFunction::softmax ? " or " : names.empty() ? "" : ", ") + to_string(f);
  }
  if (name == "swish") return ActivationFunction::silu;
  if (name == "hard_swish") return ActivationFunction::hard_silu;
  detail::raise<ValueError>("activation \"" + name + "\": expected " + names);
}

}  // namespace brindle
