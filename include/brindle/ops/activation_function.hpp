#pragma once

#include <string>

#include "brindle/core/error.hpp"

namespace brindle {

/// What a layer does to its output, by Keras's names. Ops that take one apply it after the bias, in the same pass.
enum class ActivationFunction { linear, relu, sigmoid, softmax };

inline constexpr ActivationFunction linear = ActivationFunction::linear;    ///< x
inline constexpr ActivationFunction relu = ActivationFunction::relu;        ///< max(x, 0)
inline constexpr ActivationFunction sigmoid = ActivationFunction::sigmoid;  ///< 1 / (1 + exp(-x))
inline constexpr ActivationFunction softmax = ActivationFunction::softmax;  ///< exp(x) / sum of exp(x), last axis

/// Keras's name, as written above.
inline std::string to_string(ActivationFunction f) {
  switch (f) {
    case ActivationFunction::relu:
      return "relu";
    case ActivationFunction::sigmoid:
      return "sigmoid";
    case ActivationFunction::softmax:
      return "softmax";
    case ActivationFunction::linear:
      break;
  }
  return "linear";
}

/// Throws ValueError for a name that is none of the four.
inline ActivationFunction activation_function(const std::string& name) {
  for (const ActivationFunction f : {linear, relu, sigmoid, softmax})
    if (to_string(f) == name) return f;
  detail::raise<ValueError>("activation \"" + name + "\": expected linear, relu, sigmoid or softmax");
}

}  // namespace brindle
