// SPDX-License-Identifier: MIT
#pragma once

#include <variant>

#include "brindle/core/shape.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

/// The largest value of each window of each channel, as MaxPooling2D gives it.
///
///     (N, H, W, C)  ->  (N, OH, OW, C),  valid: OH = floor((H - PH) / stride) + 1,  same: ceil(H / stride)
struct MaxPoolEpilogue {
  Size2 window = 2;                  ///< rows and columns of a window, >= 1
  Size2 stride = 2;                  ///< step between windows, >= 1
  Padding padding = Padding::valid;  ///< same: minus infinity around the picture
};

/// activation(x), element by element, as Activation and ReLU give it; never softmax.
struct ActivationEpilogue {
  ActivationFunction activation = ActivationFunction::linear;  ///< of each element
};

/// activation(x + residual), as Add gives it of two values, and an activation behind it.
struct ResidualEpilogue {
  ActivationFunction activation = ActivationFunction::linear;  ///< of each sum; never softmax
};

/// What a layer computes, for the layer in front of it, which may do that at the end of its own pass (Layer::fuses).
/// std::monostate: nothing that another layer does.
using Epilogue = std::variant<std::monostate, MaxPoolEpilogue, ActivationEpilogue, ResidualEpilogue>;

namespace detail {

/// Of a layer that does no more than this; nothing, where it does nothing or is a softmax.
inline Epilogue activation_epilogue(ActivationFunction f) {
  if (f == ActivationFunction::linear || f == ActivationFunction::softmax) return {};
  return ActivationEpilogue{f};
}

/// What a layer that is such an epilogue does last to its output, element by element; linear: nothing.
inline ActivationFunction activation_of(const Epilogue& epilogue) {
  const auto* activation = std::get_if<ActivationEpilogue>(&epilogue);
  return activation ? activation->activation : ActivationFunction::linear;
}

}  // namespace detail
}  // namespace brindle
