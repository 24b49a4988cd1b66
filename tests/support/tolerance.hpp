// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

namespace brindle::test {

/// How far a result may be from a golden array, as a share of the array's largest element, by element type. The numbers
/// and their reasons stand in goldens/README.md.
struct Tolerance {
  double single;
  double twice;

  template <class T>
  constexpr double of() const {
    return std::is_same_v<T, float> ? single : twice;
  }
};

inline constexpr Tolerance exact{0, 0};
inline constexpr Tolerance conv_golden{1e-5, 1e-12};
inline constexpr Tolerance maxpool_overlap_golden{1e-6, 1e-12};
inline constexpr Tolerance dense_golden{1e-5, 1e-12};
/// Eigen's packets of exp and tanh are good to 4e-7.
inline constexpr Tolerance activation_golden{2e-6, 1e-12};
inline constexpr Tolerance dropout_golden{1e-6, 1e-6};
inline constexpr Tolerance bce_logits_golden{2e-6, 1e-12};
inline constexpr Tolerance bce_probability_golden{1e-5, 1e-9};
inline constexpr Tolerance optimizer_golden{1e-5, 1e-12};
/// Keras rounds the momentum of SGD and the betas of Adam's bias correction to float32 even in float64.
inline constexpr Tolerance optimizer_float32_betas_golden{1e-5, 1e-5};
/// Pictures after a warp: the reference works out positions in double, the kernel in float; flow's pixels are finer.
inline constexpr Tolerance affine_golden{1e-3, 1e-5};
inline constexpr Tolerance flow_golden{1e-5, 1e-5};

/// Reference against kernel: only the order of sums differs. A sum of k terms of size 1 differs by about sqrt(k) ulp.
inline constexpr Tolerance reordered_sum{1e-5, 1e-13};

}  // namespace brindle::test
