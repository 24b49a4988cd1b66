// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "brindle/core/random.hpp"

namespace brindle {

/// How the elements of a parameter start.
struct Initializer {
  /// From what the first values are drawn.
  enum class Kind {
    zeros,           ///< none is drawn
    ones,            ///< none is drawn
    constant,        ///< none is drawn; each is `value`
    glorot_uniform,  ///< uniform in +-sqrt(6 / (fan_in + fan_out)); X. Glorot, Y. Bengio, AISTATS 2010; Keras's default
  };
  Kind kind = Kind::zeros;   ///< the distribution
  std::int64_t fan_in = 1;   ///< inputs that one output sums
  std::int64_t fan_out = 1;  ///< outputs that one input reaches
  double value = 0;          ///< of Kind::constant

  static Initializer zeros() { return {}; }                                            ///< for biases
  static Initializer ones() { return {Kind::ones}; }                                   ///< for factors
  static Initializer constant(double value) { return {Kind::constant, 1, 1, value}; }  ///< for factors as well
  /// The usual one of weights, see Kind::glorot_uniform.
  static Initializer glorot_uniform(std::int64_t fan_in, std::int64_t fan_out) {
    return {Kind::glorot_uniform, fan_in, fan_out};
  }

  friend bool operator==(const Initializer&, const Initializer&) = default;  ///< same values

  /// Of glorot_uniform: no value is further from 0.
  double limit() const { return std::sqrt(6.0 / static_cast<double>(fan_in + fan_out)); }

  /// Element i is draw number i of `random`, on any device.
  template <class T>
  void fill(std::span<T> values, const Random& random) const {
    if (kind != Kind::glorot_uniform) {
      for (T& v : values) v = kind == Kind::constant ? static_cast<T>(value) : kind == Kind::ones ? T(1) : T(0);
      return;
    }
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(random.uniform(i, -limit(), limit()));
  }
};

}  // namespace brindle
